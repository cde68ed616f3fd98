"use client";

import { Group } from "@visx/group";
import { Pie } from "@visx/shape";

import { short } from "@/lib/format";

export interface Slice {
  name: string;
  count: number;
}

const COLOURS = ["var(--invalid)", "var(--error)", "var(--remediated)", "var(--accent)", "var(--valid)", "var(--muted)"];

export function sliceColour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "var(--muted)";
}

/** Shares of a whole with the sum in the middle; the legend beside it carries the words. */
export function Donut({ slices, size, label }: { slices: Slice[]; size: number; label: string }) {
  const total = slices.reduce((sum, slice) => sum + slice.count, 0);
  const outer = size / 2;
  return (
    <svg width={size} height={size} role="img" aria-label={label} className="shrink-0">
      <Group top={outer} left={outer}>
        <circle r={outer - 7} fill="none" stroke="var(--raised)" strokeWidth={12} />
        <Pie data={slices} pieValue={(slice) => slice.count} pieSort={null} outerRadius={outer - 1} innerRadius={outer - 14} padAngle={slices.length > 1 ? 0.03 : 0} cornerRadius={2}>
          {({ arcs, path }) =>
            arcs.map((arc, index) => (
              <path key={arc.data.name} d={path(arc) ?? ""} fill={sliceColour(index)}>
                <title>{`${arc.data.name}: ${arc.data.count}`}</title>
              </path>
            ))
          }
        </Pie>
        <text textAnchor="middle" dy={-1} fill="var(--ink)" fontSize={17} fontWeight={600} style={{ fontVariantNumeric: "tabular-nums" }}>
          {short(total)}
        </text>
        <text textAnchor="middle" dy={14} fill="var(--muted)" fontSize={10}>
          records
        </text>
      </Group>
    </svg>
  );
}
