import { FILTERS, type Filters } from "@/lib/api/quarantine";

/** Read the filters that the address holds; others are none of ours. */
export function readFilters(params: URLSearchParams): Filters {
  const found = FILTERS.map((name) => [name, params.get(name)] as const).filter(([, value]) => value);
  return Object.fromEntries(found) as Filters;
}

/** Turn what a datetime-local input holds into an instant in UTC, and back. */
export function toInstant(local: string): string {
  return local === "" ? "" : new Date(local).toISOString();
}

export function toLocal(instant: string | undefined): string {
  if (!instant || Number.isNaN(Date.parse(instant))) return "";
  const date = new Date(instant);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
