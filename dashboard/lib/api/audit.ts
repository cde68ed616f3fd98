import * as z from "zod/mini";

import { request } from "./client";
import { keys } from "./keys";
import { anything, listOf, number, text } from "./shapes";

const partition = z.looseObject({
  topic: z.string(),
  partition: z.number(),
  seen: number,
  valid: number,
  invalid: number,
  error: number,
  redelivered: number,
  expired: number,
  skipped: number,
  lost: number,
});
export type LedgerPartition = z.infer<typeof partition>;

const report = z.object({
  as_of: text,
  deep: z.nullish(z.boolean()),
  partitions: z.array(partition),
  findings: z._default(z.array(anything), []),
});

const entry = z.object({
  id: z.number(),
  at: text,
  actor: text,
  action: text,
  subject: text,
  reason: text,
  details: anything,
});
export type LogEntry = z.infer<typeof entry>;

interface Signal {
  signal: AbortSignal;
}

export const reportQuery = () => ({
  queryKey: keys.audit.report,
  queryFn: ({ signal }: Signal) => request("/audit", report, { signal }),
});

export const logQuery = (filters: Record<string, string | undefined>) => ({
  queryKey: keys.audit.log(filters),
  queryFn: ({ signal, pageParam }: Signal & { pageParam: string | null }) =>
    request("/audit/log", listOf(entry), { query: { ...filters, limit: 50, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page: { next?: string | null }) => page.next ?? null,
});
