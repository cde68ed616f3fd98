import * as z from "zod/mini";

import { request } from "./client";
import { keys } from "./keys";
import { breaker, listOf, number, text } from "./shapes";

const partition = z.object({
  partition: z.number(),
  lag: number,
  committed: number,
  end: number,
  state: text,
  commit_age_s: number,
  paused_reason: text,
});

const topic = z.object({
  topic: z.string(),
  kind: z.string(),
  pipeline: text,
  mode: text,
  partitions: z.array(partition),
  breaker: z.nullish(breaker),
});
export type Topic = z.infer<typeof topic>;

interface Signal {
  signal: AbortSignal;
}

export const topicsQuery = () => ({
  queryKey: keys.topics,
  queryFn: ({ signal }: Signal) => request("/topics", listOf(topic), { signal }),
  refetchInterval: 2000,
});

export const breakersQuery = () => ({
  queryKey: keys.breakers,
  queryFn: ({ signal }: Signal) => request("/breakers", listOf(z.looseObject({ ...breaker.shape })), { signal }),
  refetchInterval: 2000,
});

export interface Reset {
  why: string;
  admit_backlog: boolean;
  rate_per_s: number | null;
}

export function resetBreaker(name: string, body: Reset) {
  return request(`/breakers/${encodeURIComponent(name)}/reset`, z.looseObject({}), { method: "POST", body });
}
