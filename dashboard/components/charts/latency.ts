import type { Latency } from "@/lib/api/overview";

/** One column of the heatmap: how the last minute looked at that time. */
export interface Column {
  at: number;
  counts: number[];
}

export interface History {
  limits: (number | null)[];
  columns: Column[];
}

export const NOTHING: History = { limits: [], columns: [] };
export const COLUMNS = 60;
/** Minutes move slowly: a column each second would say the same sixty times. */
export const STEP_MS = 5000;

/** Add what the worker says about its last minute, unless the newest column is young still. */
export function look(history: History, latency: Latency, at: number): History {
  const newest = history.columns.at(-1);
  const limits = latency.buckets.map((bucket) => bucket.le_ms ?? null);
  const same = limits.length === history.limits.length;
  if (same && newest && at - newest.at < STEP_MS) return history;
  const column = { at, counts: latency.buckets.map((bucket) => bucket.count) };
  return { limits, columns: same ? [...history.columns, column].slice(-COLUMNS) : [column] };
}
