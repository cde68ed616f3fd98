import * as z from "zod/mini";

/** Parts that several answers share. Unknown values are null, never 0. */
export const number = z.nullish(z.number());
export const text = z.nullish(z.string());
export const names = z._default(z.array(z.string()), []);

export function listOf<T extends z.ZodMiniType>(item: T) {
  return z.object({ items: z.array(item), next: z.nullish(z.string()) });
}

export const breaker = z.object({ topic: z.string(), state: z.string(), since: text, reason: text });
export type Breaker = z.infer<typeof breaker>;

export const violation = z.object({
  code: text,
  keyword: text,
  message: text,
  field_path: text,
  instance_location: text,
  keyword_location: text,
  rule: text,
  severity: text,
});
export type Violation = z.infer<typeof violation>;

/** Whatever it is; it may be missing. */
export const anything = z.optional(z.unknown());
