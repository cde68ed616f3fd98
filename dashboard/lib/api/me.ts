import * as z from "zod/mini";

import { request } from "./client";
import { keys } from "./keys";
import { names } from "./shapes";

const me = z.object({ actor: z.string(), role: z.string(), can: names, auth_required: z.boolean() });
export type Me = z.infer<typeof me>;

export const meQuery = () => ({
  queryKey: keys.me,
  queryFn: ({ signal }: { signal: AbortSignal }) => request("/me", me, { signal }),
  staleTime: 60_000,
});
