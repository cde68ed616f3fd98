import type { Selection } from "@/lib/api/quarantine";

import { readFilters } from "../quarantine/search-params";

/** Read what is to be replayed from the address: records, an incident, or whatever matches. */
export function readSelection(params: URLSearchParams): Selection | null {
  const ids = params.get("ids")?.split(",").filter(Boolean) ?? [];
  if (ids.length > 0) return { ids };
  const { incident, ...filters } = readFilters(params);
  if (incident && Object.keys(filters).length === 0) return { incident };
  const all = incident ? { ...filters, incident } : filters;
  return Object.keys(all).length > 0 ? { filters: all } : null;
}
