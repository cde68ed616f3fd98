"use client";

import { useNow } from "@/lib/clock";
import { ago, instants, UNKNOWN } from "@/lib/format";

/** An instant: how long ago; UTC, local and epoch on hover. */
export function Time({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <span className="text-muted">{UNKNOWN}</span>;
  const { utc, local, epoch } = instants(at);
  return (
    <time dateTime={at} title={`${utc}\n${local}\n${epoch} ms`} className="tabular whitespace-nowrap">
      {now === 0 ? utc : ago(at, now)}
    </time>
  );
}
