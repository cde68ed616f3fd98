import * as z from "zod/mini";

import { request } from "./client";
import { keys } from "./keys";
import { anything, listOf, number, text, violation } from "./shapes";

/** A version that judges though nobody registered it: a file of the folder, or of another registry. */
const UNREGISTERED = {
  name: z.string(),
  version: z.string(),
  type: text,
  owner: text,
  description: text,
  examples: number,
  counter_examples: number,
};
const unregistered = z.object(UNREGISTERED);
export type UnregisteredSummary = z.infer<typeof unregistered>;
const unregisteredVersion = z.object({ ...UNREGISTERED, document: z.record(z.string(), anything) });

const SUMMARY = {
  ...UNREGISTERED,
  id: number,
  number: number,
  state: z.string(),
  since: text,
  key: text,
  compatibility: text,
};
const summary = z.object(SUMMARY);
export type SchemaSummary = z.infer<typeof summary>;

const schema = z.object({
  name: z.string(),
  enforced: text,
  compatibility: text,
  policy: text,
  mode: text,
  versions: z.array(summary),
});

const version = z.object({
  ...SUMMARY,
  registered: z.nullish(z.object({ at: text, by: text, why: text })),
  document: z.record(z.string(), anything),
  sampling: number,
  shadow: z.nullish(z.record(z.string(), anything)),
});
export type SchemaVersion = z.infer<typeof version>;

const step = z.object({
  at: text,
  by: text,
  version: text,
  from: text,
  to: text,
  rollback: z.nullish(z.boolean()),
  why: text,
  effect: anything,
});

const verdict = z.object({
  compatible: z.boolean(),
  refusal: text,
  reasons: z._default(z.array(z.string()), []),
  suggested_version: text,
  report: anything,
});
export type Verdict = z.infer<typeof verdict>;

const judgement = z.object({
  result: z.string(),
  violations: z._default(z.array(violation), []),
  remediated: z.nullish(z.boolean()),
});
export type Judgement = z.infer<typeof judgement>;

const backtest = z.object({
  judged: number,
  newly_failing: number,
  newly_passing: number,
  unchanged: number,
  examples: z.nullish(z.object({ newly_failing: z.array(anything), newly_passing: z.array(anything) })),
});

/** Where a decision led; `healed_at` is there when the version judges now. */
const moved = z.looseObject({ name: z.string(), version: z.string(), healed_at: text });
export type Moved = z.infer<typeof moved>;

const healed = z.object({ open_records: z.number(), would_pass: z.number() });

interface Signal {
  signal: AbortSignal;
}

const at = (name: string, rest = "") => `/schemas/${encodeURIComponent(name)}${rest}`;

export const schemasQuery = () => ({
  queryKey: keys.schemas.list,
  queryFn: ({ signal }: Signal) => request("/schemas", listOf(summary), { signal }),
});

export const unregisteredQuery = () => ({
  queryKey: keys.schemas.unregistered,
  queryFn: ({ signal }: Signal) => request("/unregistered-schemas", listOf(unregistered), { signal }),
});

export const unregisteredVersionQuery = (name: string, number: string) => ({
  queryKey: keys.schemas.unregisteredVersion(name, number),
  queryFn: ({ signal }: Signal) =>
    request(`/unregistered-schemas/${encodeURIComponent(name)}/versions/${encodeURIComponent(number)}`, unregisteredVersion, { signal }),
});

export const schemaQuery = (name: string) => ({
  queryKey: keys.schemas.one(name),
  queryFn: ({ signal }: Signal) => request(at(name), schema, { signal }),
});

export const versionQuery = (name: string, number: string) => ({
  queryKey: keys.schemas.version(name, number),
  queryFn: ({ signal }: Signal) => request(at(name, `/versions/${encodeURIComponent(number)}`), version, { signal }),
});

export const historyQuery = (name: string) => ({
  queryKey: keys.schemas.history(name),
  queryFn: ({ signal }: Signal) => request(at(name, "/history"), listOf(step), { signal }),
});

/** Count the open records that a version accepts; judges thousands of payloads, so it is asked for once. */
export const healedQuery = (name: string, number: string) => ({
  queryKey: keys.schemas.healed(name, number),
  queryFn: ({ signal }: Signal) => request(at(name, `/versions/${encodeURIComponent(number)}/healed`), healed, { signal }),
  staleTime: Infinity,
  gcTime: 0,
});

/** Judge JSON text as the gateway would; the text goes out as it stands. */
export function validate(name: string, number: string | null, payload: string, signal?: AbortSignal) {
  const body = `{"version":${JSON.stringify(number)},"payload":${payload}}`;
  return request(at(name, "/validate"), judgement, { method: "POST", body, signal });
}

export function checkCompatibility(name: string, document: unknown) {
  return request(at(name, "/compatibility"), verdict, { method: "POST", body: { document } });
}

export function register(document: unknown, state: string, why: string) {
  return request("/schemas", moved, { method: "POST", body: { document, state, why } });
}

export function moveVersion(name: string, number: string, state: string, why: string, force: boolean) {
  const path = at(name, `/versions/${encodeURIComponent(number)}/state`);
  return request(path, moved, { method: "POST", body: { state, why, force } });
}

export function rollBack(name: string, why: string) {
  return request(at(name, "/rollback"), moved, { method: "POST", body: { why } });
}

export function runBacktest(name: string, number: string, last: string) {
  return request(at(name, "/backtest"), backtest, { method: "POST", body: { version: number, last }, exact: true });
}
