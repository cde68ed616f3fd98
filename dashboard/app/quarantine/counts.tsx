"use client";

import { useQuery } from "@tanstack/react-query";

import { countsQuery, type Filters } from "@/lib/api/quarantine";
import { short, words } from "@/lib/format";

interface Props {
  filters: Filters;
  set: (changes: Record<string, string | null>) => void;
}

/** How the matching records spread over the states (`+`: the newest of more); a click narrows down. */
export function Counts({ filters, set }: Props) {
  const { status, ...others } = filters;
  const counts = useQuery(countsQuery("status", others));
  if (!counts.data || counts.data.items.length === 0) return null;
  const more = counts.data.is_exact ? "" : "+";
  return (
    <ul className="mb-3 flex flex-wrap gap-1.5" aria-label="Records by status">
      {counts.data.items.map(({ value, count }) => (
        <li key={value}>
          <button
            type="button"
            aria-pressed={value === status}
            onClick={() => set({ status: value === status ? null : (value ?? null) })}
            className="tabular h-6 rounded-full border border-line bg-surface px-2.5 text-2xs text-muted hover:text-ink aria-pressed:border-accent aria-pressed:text-accent"
          >
            {words(value ?? "unknown")} <span className="font-semibold text-ink">{short(count)}{more}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
