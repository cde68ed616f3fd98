import * as z from "zod/mini";

import { request } from "./client";
import { keys } from "./keys";
import { breaker, number, text } from "./shapes";

const OUTCOME = { valid: number, invalid: number, error: number };

export const latency = z.object({
  scope: text,
  buckets: z.array(z.object({ le_ms: number, count: z.number() })),
  p50_ms: number,
  p95_ms: number,
  p99_ms: number,
});
export type Latency = z.infer<typeof latency>;

const partition = z.object({
  topic: z.string(),
  partition: z.number(),
  lag: number,
  state: text,
  commit_age_s: number,
});
export type PartitionLag = z.infer<typeof partition>;

const incident = z.object({
  fingerprint: z.string(),
  title: text,
  state: z.string(),
  count: number,
  last_seen: text,
});

export const overview = z.object({
  as_of: z.string(),
  window_s: number,
  rates: z.object({ ...OUTCOME, remediated: number }),
  totals: z.record(z.string(), number),
  success_share: number,
  series: z.array(z.object({ at: z.string(), ...OUTCOME })),
  error_types: z.array(z.object({ error_type: z.string(), count: z.number() })),
  codes: z.array(z.object({ code: z.string(), count: z.number() })),
  latency: z.nullish(latency),
  partitions: z.array(partition),
  partitions_left_out: number,
  breakers: z.array(breaker),
  incidents: z.array(incident),
  open_incidents: number,
  open_records: number,
  spool: z.nullish(z.object({ records: number, bytes: number })),
});
export type Overview = z.infer<typeof overview>;

export const overviewQuery = () => ({
  queryKey: keys.overview,
  queryFn: ({ signal }: { signal: AbortSignal }) => request("/overview", overview, { signal }),
});
