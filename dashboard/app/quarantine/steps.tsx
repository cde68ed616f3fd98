import { State } from "@/components/ui/badge";
import { Time } from "@/components/ui/time";
import type { QuarantineRecord, Step } from "@/lib/api/quarantine";
import { count, words } from "@/lib/format";

/** Who did what, newest first. */
export function Steps({ of }: { of: Step[] }) {
  if (of.length === 0) return <p className="p-3 text-muted">Nobody has touched it yet.</p>;
  return (
    <ol className="divide-y divide-line/60">
      {of.map((step, index) => (
        <li key={index} className="flex flex-wrap items-baseline gap-x-2 px-3 py-1.5">
          <span className="font-medium">{words(step.action ?? "")}</span>
          <span className="text-muted">
            {step.actor} · <Time at={step.at} />
          </span>
          {step.reason && <p className="w-full">{step.reason}</p>}
        </li>
      ))}
    </ol>
  );
}

interface LineageProps {
  of: QuarantineRecord["lineage"];
  current: string;
  onOpen: (id: string) => void;
}

/** The attempts of one record: each replay that failed again is a record of its own. */
export function Lineage({ of, current, onOpen }: LineageProps) {
  if (of.length <= 1) return <p className="p-3 text-muted">The first and only attempt.</p>;
  return (
    <ol className="divide-y divide-line/60">
      {of.map((each) => (
        <li key={each.id} className="flex items-center gap-2 px-3 py-1.5">
          <span className="tabular">attempt {count(each.attempt)}</span>
          {each.status && <State of={each.status} />}
          <Time at={each.quarantined_at} />
          {each.id === current ? (
            <span className="ml-auto text-muted">shown</span>
          ) : (
            <button type="button" className="ml-auto text-accent hover:underline" onClick={() => onOpen(each.id)}>
              Open
            </button>
          )}
        </li>
      ))}
    </ol>
  );
}
