"use client";

import type { Job } from "@/lib/api/replays";
import { count } from "@/lib/format";

const PARTS = [
  ["reprocessed", "bg-valid", "passed"],
  ["failed_again", "bg-error", "failed again"],
  ["parked", "bg-muted", "parked"],
  ["skipped", "bg-line", "skipped"],
  ["sent", "bg-remediated", "on their way"],
] as const;

/** How far a replay is, by outcome. */
export function Progress({ job }: { job: Job }) {
  const total = Math.max(1, job.counts.selected ?? 1);
  const settled = (job.counts.reprocessed ?? 0) + (job.counts.failed_again ?? 0) + (job.counts.parked ?? 0) + (job.counts.skipped ?? 0);
  return (
    <div className="space-y-2 p-3">
      <div role="progressbar" aria-label="Replay" aria-valuemin={0} aria-valuemax={total} aria-valuenow={Math.min(settled, total)} className="flex h-2.5 overflow-hidden rounded-full bg-raised">
        {PARTS.map(([name, colour]) => (
          <span key={name} className={`${colour} transition-[width] duration-300`} style={{ width: `${((job.counts[name] ?? 0) / total) * 100}%` }} />
        ))}
      </div>
      <ul className="flex flex-wrap gap-x-4 gap-y-1">
        {PARTS.map(([name, colour, words]) => (
          <li key={name} className="flex items-center gap-1.5">
            <span className={`size-2 rounded-sm ${colour}`} />
            <span className="text-muted">{words}</span>
            <span className="tabular font-medium">{count(job.counts[name])}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
