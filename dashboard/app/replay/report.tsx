"use client";

import { useState } from "react";

import { JsonDiff } from "@/components/json/editor";
import { State } from "@/components/ui/badge";
import type { Job, Sample } from "@/lib/api/replays";
import { count, UNKNOWN } from "@/lib/format";
import { stringifyExact, type Json } from "@/lib/json/exact";

/** What the dry run found: counts, reasons, and records before and after. */
export function Report({ job }: { job: Job }) {
  const { selected, would_pass, would_fail, unchanged } = job.counts;
  const figures = [
    ["selected", selected, ""],
    ["would pass", would_pass, "text-valid"],
    ["would fail", would_fail, would_fail ? "text-error" : ""],
    ["unchanged", unchanged, ""],
    ["keys with a newer valid record", job.newer_valid_keys, job.newer_valid_keys ? "text-invalid" : ""],
  ] as const;
  return (
    <div className="space-y-3 p-3">
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        {figures.map(([name, value, tone]) => (
          <div key={name}>
            <dt className="text-2xs text-muted">{name}</dt>
            <dd className={`tabular text-lg font-semibold ${tone}`}>{count(value)}</dd>
          </div>
        ))}
      </dl>
      {job.reasons.length > 0 && (
        <ul className="flex flex-wrap gap-2" aria-label="Reasons of failures">
          {job.reasons.map((reason, index) => (
            <li key={index} className="rounded border border-line px-2 py-0.5 font-mono text-2xs">
              {reason.code} {reason.field_path} × {count(reason.count)}
            </li>
          ))}
        </ul>
      )}
      {job.samples.length > 0 && <Samples of={job.samples} />}
    </div>
  );
}

function Samples({ of }: { of: Sample[] }) {
  const [at, setAt] = useState(0);
  const shown = of[at] ?? of[0];
  return (
    <section aria-label="Samples" className="rounded-md border border-line">
      <ul className="flex flex-wrap gap-1 border-b border-line p-2">
        {of.map((sample, index) => (
          <li key={sample.id}>
            <button type="button" aria-pressed={index === at} onClick={() => setAt(index)} className="flex items-center gap-1.5 rounded border border-line px-1.5 py-0.5 font-mono text-2xs aria-pressed:border-accent">
              {sample.id.slice(0, 8)} <State of={sample.outcome} />
            </button>
          </li>
        ))}
      </ul>
      {shown && <JsonDiff before={shownAs(shown.before)} after={shownAs(shown.after)} labels={["As quarantined", "As it would be sent"]} />}
      {shown && shown.violations.length > 0 && <p className="border-t border-line p-2 text-error">{shown.violations.map((each) => each.message).join(" · ")}</p>}
    </section>
  );
}

function shownAs(value: unknown): string {
  return value === undefined ? UNKNOWN : stringifyExact(value as Json, 2);
}
