import * as z from "zod/mini";

import type { Json } from "@/lib/json/exact";

import { request, tagged } from "./client";
import { keys } from "./keys";
import { anything, listOf, names, number, text, violation } from "./shapes";

const ROW = {
  id: z.string(),
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  timestamp: text,
  schema_name: text,
  schema_version: text,
  error_type: z.string(),
  error_message: text,
  field_path: text,
  storage_path: text,
  status: z.string(),
  code: text,
  fingerprint: text,
  violations: z.nullish(z.array(violation)),
  key: anything,
  producer: text,
  attempt: number,
  lineage_id: text,
  source_timestamp_ms: number,
  dlq_partition: number,
  dlq_offset: number,
  payload_crc32c: anything,
  quarantined_at: text,
  stored_at: text,
  updated_at: text,
};

export const row = z.object(ROW);
export type Row = z.infer<typeof row>;

const step = z.object({ at: text, actor: text, action: text, reason: text, details: anything });
export type Step = z.infer<typeof step>;

export const record = z.object({
  ...ROW,
  headers: z.nullish(z.array(z.tuple([z.string(), anything]))),
  history: z._default(z.array(step), []),
  lineage: z._default(
    z.array(z.object({ id: z.string(), attempt: number, status: text, quarantined_at: text })),
    [],
  ),
  allowed_states: names,
});
export type QuarantineRecord = z.infer<typeof record>;

const payload = z.object({
  id: z.string(),
  encoding: z.string(),
  payload: anything,
  masked_paths: names,
  from: text,
});
export type Payload = Omit<z.infer<typeof payload>, "payload"> & { payload: Json };

export const FILTERS = ["schema", "error_type", "code", "status", "topic", "from", "to", "q", "incident"] as const;
export type Filters = Partial<Record<(typeof FILTERS)[number], string>>;

/** States that a record may set out from. */
export const REPLAYABLE: ReadonlySet<string> = new Set(["quarantined", "stored", "in_review", "fixed", "failed_again"]);

interface Signal {
  signal: AbortSignal;
}

export const listQuery = (filters: Filters, limit = 50) => ({
  queryKey: keys.quarantine.list(filters),
  queryFn: ({ signal, pageParam }: Signal & { pageParam: string | null }) =>
    request("/quarantine", listOf(row), { query: { ...filters, limit, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page: { next?: string | null }) => page.next ?? null,
});

const counts = z.extend(listOf(z.object({ value: text, count: z.number() })), { is_exact: z.boolean() });

export const countsQuery = (by: "status" | "schema" | "code" | "error_type", filters: Filters) => ({
  queryKey: keys.quarantine.counts(by, filters),
  queryFn: ({ signal }: Signal) =>
    request("/quarantine/counts", counts, {
      query: { by, ...filters },
      signal,
    }),
});

export const recordQuery = (id: string) => ({
  queryKey: keys.quarantine.record(id),
  queryFn: ({ signal }: Signal) => tagged(`/quarantine/${encodeURIComponent(id)}`, record, { signal }),
});

export const payloadQuery = (id: string, why: string | null = null) => ({
  queryKey: keys.quarantine.payload(id, why !== null),
  queryFn: async ({ signal }: Signal) =>
    (await request(`/quarantine/${encodeURIComponent(id)}/payload`, payload, {
      query: why === null ? {} : { unmasked: 1, why },
      signal,
      exact: true,
    })) as Payload,
  retry: false,
});

export function changeStatus(id: string, status: string, why: string, etag: string | null) {
  const path = `/quarantine/${encodeURIComponent(id)}`;
  return request(path, row, { method: "PATCH", body: { status, why }, ifMatch: etag });
}

export type Selection = { ids: string[] } | { filters: Filters } | { incident: string };

export function discard(selection: { ids: string[] } | { filters: Filters }, why: string) {
  const body = { ...selection, why };
  return request("/quarantine/discard", z.object({ changed: z.number() }), { method: "POST", body });
}
