import { State } from "@/components/ui/badge";
import type { Column } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Row } from "@/lib/api/quarantine";
import { count, UNKNOWN } from "@/lib/format";

interface Context {
  rows: Row[];
  picked: ReadonlySet<string>;
  setPicked: (picked: ReadonlySet<string>) => void;
  canWrite: boolean;
  open: (id: string) => void;
}

export function columnsOf(context: Context): Column<Row>[] {
  return context.canWrite ? [pickColumn(context), ...dataColumns(context.open)] : dataColumns(context.open);
}

function pickColumn({ rows, picked, setPicked }: Context): Column<Row> {
  const all = rows.length > 0 && rows.every((row) => picked.has(row.id));
  return {
    id: "pick",
    header: () => (
      <input type="checkbox" aria-label="Select all rows shown" checked={all} onChange={() => setPicked(new Set(all ? [] : rows.map((row) => row.id)))} className="size-3.5 accent-accent" />
    ),
    cell: ({ row }) => (
      <input type="checkbox" aria-label={`Select ${row.original.id}`} checked={picked.has(row.original.id)} onChange={() => setPicked(toggled(picked, row.original.id))} className="size-3.5 accent-accent" />
    ),
  };
}

function toggled(picked: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(picked);
  if (!next.delete(id)) next.add(id);
  return next;
}

function dataColumns(open: (id: string) => void): Column<Row>[] {
  return [
    { id: "at", header: "Quarantined", cell: ({ row }) => <Time at={row.original.quarantined_at} /> },
    { id: "status", header: "Status", cell: ({ row }) => <State of={row.original.status} /> },
    {
      id: "message",
      header: "Problem",
      cell: ({ row }) => (
        <button type="button" onClick={() => open(row.original.id)} className="block max-w-[34rem] min-w-40 truncate text-left font-medium hover:text-accent">
          {row.original.error_message || row.original.error_type}
        </button>
      ),
    },
    { id: "code", header: "Code", cell: ({ row }) => <code className="font-mono text-2xs">{row.original.code ?? UNKNOWN}</code> },
    { id: "field", header: "Field", cell: ({ row }) => <code className="block max-w-48 truncate font-mono text-2xs">{row.original.field_path || "–"}</code> },
    { id: "schema", header: "Schema", cell: ({ row }) => <span className="whitespace-nowrap">{schemaOf(row.original)}</span> },
    { id: "place", header: "Topic/partition/offset", cell: ({ row }) => <span className="whitespace-nowrap text-muted">{placeOf(row.original)}</span> },
    { id: "producer", header: "Producer", cell: ({ row }) => <span className="block max-w-32 truncate">{row.original.producer ?? UNKNOWN}</span> },
    { id: "attempt", header: "Attempt", cell: ({ row }) => count(row.original.attempt) },
  ];
}

export function schemaOf(row: Row): string {
  if (!row.schema_name) return UNKNOWN;
  return row.schema_version ? `${row.schema_name}@${row.schema_version}` : row.schema_name;
}

export function placeOf(row: Row): string {
  return `${row.topic}/${row.partition}/${row.offset}`;
}
