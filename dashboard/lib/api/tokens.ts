import * as z from "zod/mini";

import { request } from "./client";
import { keys } from "./keys";
import { listOf, text } from "./shapes";

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

const shown = z.object({
  name: z.string(),
  role: z.string(),
  created_at: text,
  created_by: text,
  revoked_at: text,
  revoked_by: text,
});
export type TokenShown = z.infer<typeof shown>;

const made = z.object({ name: z.string(), role: z.string(), token: z.string() });
/** The only time that a token is known. */
export type Made = z.infer<typeof made>;

export const tokensQuery = () => ({
  queryKey: keys.tokens,
  queryFn: ({ signal }: { signal: AbortSignal }) => request("/tokens", listOf(shown), { signal }),
});

export function createToken(name: string, role: Role, why: string) {
  return request("/tokens", made, { method: "POST", body: { name, role, why } });
}

export function revokeToken(name: string, why: string) {
  return request(`/tokens/${encodeURIComponent(name)}`, z.looseObject({}), { method: "DELETE", query: { why } });
}
