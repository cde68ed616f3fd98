"use client";

import { useClock } from "@/lib/clock";
import { ago, instants, UNKNOWN } from "@/lib/format";

/** An instant: how long ago; UTC, local and epoch on hover. */
export function Time({ at }: { at: string | null | undefined }) {
  const age = useClock((now) => ago(at, now));
  if (!at) return <span className="text-muted">{UNKNOWN}</span>;
  const { utc, local, epoch } = instants(at);
  return (
    <time dateTime={at} title={`${utc}\n${local}\n${epoch} ms`} className="tabular whitespace-nowrap">
      {age ?? utc}
    </time>
  );
}
