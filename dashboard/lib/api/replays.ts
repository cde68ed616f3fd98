import * as z from "zod/mini";

import { stringifyExact, type Json } from "@/lib/json/exact";

import { request } from "./client";
import { keys } from "./keys";
import type { Selection } from "./quarantine";
import { anything, listOf, number, text, violation } from "./shapes";

const counts = z.object({
  selected: number,
  would_pass: number,
  would_fail: number,
  unchanged: number,
  pending: number,
  sent: number,
  reprocessed: number,
  failed_again: number,
  parked: number,
  skipped: number,
});

const sample = z.object({
  id: z.string(),
  before: anything,
  after: anything,
  outcome: z.string(),
  violations: z._default(z.array(violation), []),
});
export type Sample = z.infer<typeof sample>;

export const job = z.object({
  id: z.string(),
  state: z.string(),
  created_at: text,
  created_by: text,
  why: text,
  selection: anything,
  repair: anything,
  schema: text,
  target: text,
  rate_per_s: number,
  on_failure: text,
  counts: counts,
  reasons: z._default(z.array(z.object({ code: text, field_path: text, count: z.number() })), []),
  samples: z._default(z.array(sample), []),
  newer_valid_keys: number,
  started_at: text,
  finished_at: text,
  error: text,
});
export type Job = z.infer<typeof job>;

const derived = z.object({
  patch: z.array(anything),
  recipe: z.nullish(z.array(anything)),
  explanation: z._default(z.array(z.string()), []),
});
export type Derived = z.infer<typeof derived>;

export const DONE = new Set(["done", "failed", "cancelled"]);

interface Signal {
  signal: AbortSignal;
}

export const jobsQuery = () => ({
  queryKey: keys.replays.list,
  queryFn: ({ signal }: Signal) => request("/replays", listOf(job), { query: { limit: 20 }, signal }),
  refetchInterval: 5000,
});

export const jobQuery = (id: string) => ({
  queryKey: keys.replays.one(id),
  queryFn: ({ signal }: Signal) => request(`/replays/${encodeURIComponent(id)}`, job, { signal, exact: true }),
  refetchInterval: (query: { state: { data?: Job } }) =>
    query.state.data && (DONE.has(query.state.data.state) || query.state.data.state === "planned") ? false : 1000,
});

/** Derive what an edit means for other records. `edited` is JSON text, sent as it stands. */
export function deriveRecipe(id: string, edited: string) {
  const body = `{"id":${JSON.stringify(id)},"edited":${edited}}`;
  return request("/replays/recipe", derived, { method: "POST", body, exact: true });
}

export interface Plan {
  selection: Selection;
  /** JSON text of the repair: payloads in it keep their numbers. */
  repair: string;
  schema: string | null;
  target: string | null;
  rate_per_s: number | null;
  on_failure: string;
  why: string;
}

export function dryRun({ repair, ...plan }: Plan) {
  const rest = JSON.stringify({ ...plan, dry_run: true });
  return request("/replays", job, { method: "POST", body: `${rest.slice(0, -1)},"repair":${repair}}`, exact: true });
}

export function actOn(id: string, action: "run" | "pause" | "resume" | "cancel", why: string) {
  return request(`/replays/${encodeURIComponent(id)}/${action}`, job, { method: "POST", body: { why } });
}

export const repairs = {
  none: () => '{"kind":"none"}',
  edit: (id: string, payload: string) => `{"kind":"edit","edits":{${JSON.stringify(id)}:${payload}}}`,
  patch: (operations: Json) => `{"kind":"patch","patch":${stringifyExact(operations)}}`,
  recipe: (steps: Json) => `{"kind":"recipe","steps":${stringifyExact(steps)}}`,
};
