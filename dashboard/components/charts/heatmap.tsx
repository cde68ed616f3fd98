"use client";

import { scaleBand, scaleSqrt } from "@visx/scale";
import { memo } from "react";

import { milliseconds, short } from "@/lib/format";

import { clockTime } from "./axis";
import { COLUMNS, type Column, type History } from "./latency";
import { useWidth } from "./use-width";

const LEFT = 52;
const BOTTOM = 16;

/** Latency over the last five minutes: time to the right, slower upwards, more chunks brighter. */
export function Heatmap({ history, height }: { history: History; height: number }) {
  const [ref, width] = useWidth();
  const rows = scaleBand({ domain: history.limits.map((_, index) => index), range: [height - BOTTOM, 0], padding: 0.08 });
  const step = (width - LEFT) / COLUMNS;
  const most = Math.max(1, ...history.columns.flatMap((column) => column.counts));
  const every = Math.ceil(history.limits.length / 7);
  const start = COLUMNS - history.columns.length;
  return (
    <div ref={ref} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label="Latency of judged chunks over the last five minutes">
          {history.limits.map((limit, index) =>
            index % every === 0 ? (
              <text key={index} x={LEFT - 6} y={(rows(index) ?? 0) + rows.bandwidth() / 2 + 3} textAnchor="end" fontSize={10} fill="var(--muted)">
                {limit === null ? "more" : milliseconds(limit)}
              </text>
            ) : null,
          )}
          {history.limits.map((_, index) => (
            <rect key={index} x={LEFT} y={rows(index) ?? 0} width={Math.max(0, width - LEFT)} height={rows.bandwidth()} rx={1.5} fill="var(--raised)" fillOpacity={0.6} />
          ))}
          {history.columns.map((column, index) => (
            <g key={column.at} transform={`translate(${LEFT + (start + index) * step},0)`}>
              <Cells column={column} top={roundUp(most)} width={Math.max(1, step - 1)} rowHeight={rows.bandwidth()} rowStep={rows.step()} last={rows(0) ?? 0} />
            </g>
          ))}
          <text x={LEFT} y={height - 3} fontSize={10} fill="var(--muted)">
            {history.columns[0] ? clockTime(history.columns[0].at) : ""}
          </text>
          <text x={width} y={height - 3} fontSize={10} textAnchor="end" fill="var(--muted)">
            {history.columns.at(-1) ? clockTime(history.columns.at(-1)?.at ?? 0) : ""}
          </text>
        </svg>
      )}
    </div>
  );
}

/** Coarse, so that old columns need not be drawn anew at each look. */
function roundUp(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

interface CellsProps {
  column: Column;
  top: number;
  width: number;
  rowHeight: number;
  rowStep: number;
  last: number;
}

const Cells = memo(function Cells({ column, top, width, rowHeight, rowStep, last }: CellsProps) {
  const shade = scaleSqrt({ domain: [0, top], range: [0.06, 1] });
  // Most cells are empty: the lane behind them is drawn once.
  return column.counts.map((count, index) =>
    count === 0 ? null : (
      <rect key={index} y={last - index * rowStep} width={width} height={rowHeight} rx={1.5} fill="var(--accent)" fillOpacity={shade(count)}>
        <title>{`${short(count)} chunks`}</title>
      </rect>
    ),
  );
});
