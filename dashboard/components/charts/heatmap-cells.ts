import { scaleBand, scaleSqrt } from "@visx/scale";

import { COLUMNS, type Column, type History } from "./latency";

export const LEFT = 52;
const BOTTOM = 16;

/** Where the heatmap's rows and columns lie, in CSS pixels. */
export interface Cells {
  width: number;
  height: number;
  /** Width of a column with its gap. */
  step: number;
  rowHeight: number;
  top: (row: number) => number;
}

export interface Cell {
  at: number;
  count: number;
  /** The bucket's limits; null: from nothing, without end. */
  above: number | null;
  upTo: number | null;
}

/** Divide the room: row 0 is the fastest, at the bottom; the newest column is at the right. */
export function cellsOf(rows: number, width: number, height: number): Cells {
  const band = scaleBand({ domain: Array.from({ length: rows }, (_, row) => row), range: [height - BOTTOM, 0], padding: 0.08 });
  return { width, height, step: (width - LEFT) / COLUMNS, rowHeight: band.bandwidth(), top: (row) => band(row) ?? 0 };
}

/** The left edge of a column, counted from the oldest that is known. */
export function left(cells: Cells, history: History, index: number): number {
  return LEFT + (COLUMNS - history.columns.length + index) * cells.step;
}

/** How strongly a count shows; the most frequent of all columns is 1. */
export function shadeOf(columns: Column[]): (count: number) => number {
  const most = Math.max(1, ...columns.flatMap((column) => column.counts));
  return scaleSqrt({ domain: [0, most], range: [0.06, 1] });
}

/** Tell what lies under a point; null where nothing is known. */
export function cellAt(cells: Cells, history: History, x: number, y: number): Cell | null {
  const column = history.columns[Math.floor((x - left(cells, history, 0)) / cells.step)];
  const row = history.limits.findIndex((_, index) => y >= cells.top(index) && y <= cells.top(index) + cells.rowHeight);
  if (!column || row < 0 || x < LEFT) return null;
  return { at: column.at, count: column.counts[row] ?? 0, above: history.limits[row - 1] ?? null, upTo: history.limits[row] ?? null };
}
