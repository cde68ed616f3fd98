"use client";

import { tableFeatures, useTable, type ColumnDef } from "@tanstack/react-table";

const features = tableFeatures({});
export type Column<T extends object> = ColumnDef<typeof features, T>;

interface Props<T extends object> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowId: (row: T) => string;
  /** The row under the keyboard's cursor. */
  cursor?: number;
  selected?: string | null;
  onOpen?: (row: T) => void;
}

/** A dense table; a click on a row opens it, its first link or button does so for keyboards. */
export function Table<T extends object>({ label, columns, rows, rowId, cursor = -1, selected, onOpen }: Props<T>) {
  const table = useTable({ features, columns, data: rows, getRowId: rowId });
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full border-collapse text-xs">
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => (
                <th key={header.id} scope="col" className="h-8 border-b border-line px-2.5 text-left text-2xs font-medium whitespace-nowrap text-muted">
                  <table.FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row, index) => (
            <tr
              key={row.id}
              data-row={index}
              data-selected={row.id === selected || undefined}
              onClick={(event) => {
                if ((event.target as HTMLElement).closest("a, button, input")) return;
                onOpen?.(row.original);
              }}
              className={`${onOpen ? "cursor-pointer" : ""} ${index === cursor ? "bg-raised outline-1 -outline-offset-1 outline-accent" : ""} ${row.id === selected ? "bg-accent/10" : ""} border-b border-line/60 last:border-0 hover:bg-raised`}
            >
              {row.getAllCells().map((cell) => (
                <td key={cell.id} className="tabular h-8 px-2.5 py-1 align-middle">
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
