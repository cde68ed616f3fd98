"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useCallback } from "react";

type Changes = Record<string, string | null | undefined>;

/** Apply changes to a query string; empty values leave it. */
export function changed(query: string, changes: Changes): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next.toString();
}

/** Read the address' query and change it in place, so that a view can be sent to a colleague. */
export function useQueryState() {
  const params = useSearchParams();
  const router = useRouter();
  const path = usePathname();
  const query = params.toString();
  const set = useCallback(
    (changes: Changes) => {
      const next = changed(query, changes);
      router.replace(next ? `${path}?${next}` : path, { scroll: false });
    },
    [query, router, path],
  );
  return { params, query, set };
}
