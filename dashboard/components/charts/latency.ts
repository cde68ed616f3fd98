import type { Latency } from "@/lib/api/overview";

/** One column of the heatmap: records per bucket between two looks. */
export interface Column {
  at: number;
  counts: number[];
}

export interface History {
  last: { at: number; counts: number[] } | null;
  limits: (number | null)[];
  columns: Column[];
}

export const NOTHING: History = { last: null, limits: [], columns: [] };
export const COLUMNS = 60;

/** Add a look at the worker's histogram; a restarted worker counts from 0 again. */
export function look(history: History, latency: Latency, at: number): History {
  const counts = perBucket(latency.buckets.map((bucket) => bucket.count));
  const limits = latency.buckets.map((bucket) => bucket.le_ms ?? null);
  const last = history.last;
  if (last !== null && last.at === at) return history;
  if (last === null || last.counts.length !== counts.length) return { last: { at, counts }, limits, columns: [] };
  const grown = counts.map((count, index) => Math.max(0, count - (last.counts[index] ?? 0)));
  const columns = [...history.columns, { at, counts: grown }].slice(-COLUMNS);
  return { last: { at, counts }, limits, columns };
}

/** Prometheus' buckets are cumulative; each bucket's own count is the difference to the one below. */
export function perBucket(counts: number[]): number[] {
  const cumulative = counts.every((count, index) => index === 0 || count >= (counts[index - 1] ?? 0));
  return cumulative ? counts.map((count, index) => count - (counts[index - 1] ?? 0)) : counts;
}
