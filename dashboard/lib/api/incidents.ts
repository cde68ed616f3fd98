import * as z from "zod/mini";

import { request, tagged } from "./client";
import { keys } from "./keys";
import { anything, listOf, number, text } from "./shapes";

const INCIDENT = {
  fingerprint: z.string(),
  schema_name: text,
  error_type: text,
  code: text,
  field_path: text,
  title: text,
  state: z.string(),
  state_since: text,
  record_count: number,
  first_seen: text,
  last_seen: text,
  owner: text,
  trend: z._default(z.array(z.number()), []),
  producers: z._default(z.array(z.object({ producer: text, count: number, last_seen: text })), []),
};
export const incident = z.object(INCIDENT);
export type Incident = z.infer<typeof incident>;

const step = z.object({ at: text, actor: text, action: text, reason: text, details: anything });
export const incidentDetail = z.object({
  ...INCIDENT,
  sample_id: text,
  history: z._default(z.array(step), []),
  open_records: number,
  statuses: z._default(z.array(z.object({ value: text, count: z.number() })), []),
});
export type IncidentDetail = z.infer<typeof incidentDetail>;

export interface IncidentFilters extends Record<string, string | undefined> {
  state?: string;
  schema?: string;
}

interface Signal {
  signal: AbortSignal;
}

export const incidentsQuery = (filters: IncidentFilters) => ({
  queryKey: keys.incidents.list(filters),
  queryFn: ({ signal, pageParam }: Signal & { pageParam: string | null }) =>
    request("/incidents", listOf(incident), { query: { ...filters, limit: 50, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page: { next?: string | null }) => page.next ?? null,
  refetchInterval: 5000,
});

export const incidentQuery = (fingerprint: string) => ({
  queryKey: keys.incidents.one(fingerprint),
  queryFn: ({ signal }: Signal) => tagged(`/incidents/${encodeURIComponent(fingerprint)}`, incidentDetail, { signal }),
  refetchInterval: 5000,
});

export function moveIncident(fingerprint: string, state: string, why: string, etag: string | null) {
  const path = `/incidents/${encodeURIComponent(fingerprint)}/state`;
  return request(path, z.looseObject({ state: z.string() }), { method: "POST", body: { state, why }, ifMatch: etag });
}
