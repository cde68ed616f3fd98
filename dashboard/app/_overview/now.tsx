"use client";

import { AnimatePresence } from "motion/react";
import * as m from "motion/react-m";
import Link from "next/link";
import { memo } from "react";

import { State } from "@/components/ui/badge";
import { Panel } from "@/components/ui/panel";
import { Time } from "@/components/ui/time";
import { Empty } from "@/components/ui/states";
import type { Overview } from "@/lib/api/overview";
import { count, short } from "@/lib/format";
import { routes } from "@/lib/routes";

interface Props {
  incidents: Overview["incidents"];
  breakers: Overview["breakers"];
  open: number | null | undefined;
}

/** What wants somebody now: breakers that are not closed, then the newest incidents. */
export const Now = memo(function Now({ incidents, breakers, open }: Props) {
  const tripped = breakers.filter((breaker) => breaker.state !== "closed");
  const all = (
    <Link href={routes.incidents()} prefetch={false} className="hover:text-ink">
      all {count(open)}
    </Link>
  );
  return (
    <Panel title="Incidents now" aside={all} className="xl:col-span-8">
      <ul className="divide-y divide-line/60">
        {tripped.map((breaker) => (
          <li key={breaker.topic}>
            <Link href={routes.topics()} prefetch={false} className="flex items-center gap-3 bg-error/5 px-3 py-1.5 hover:bg-raised">
              <State of={breaker.state} />
              <span className="font-medium">Breaker of {breaker.topic}</span>
              <span className="truncate text-muted">{breaker.reason}</span>
              <span className="ml-auto text-muted">
                <Time at={breaker.since} />
              </span>
            </Link>
          </li>
        ))}
        <AnimatePresence initial={false}>
          {incidents.map((incident) => (
            <m.li key={incident.fingerprint} initial={{ opacity: 0, y: -6 }} animate={{ opacity: 1, y: 0 }} exit={{ opacity: 0 }} transition={{ duration: 0.2 }}>
              <Link href={routes.incidents({ fingerprint: incident.fingerprint })} prefetch={false} className="grid grid-cols-[auto_minmax(0,1fr)_auto_auto] items-center gap-2 px-3 py-1.5 sm:grid-cols-[5.5rem_minmax(0,1fr)_auto_4.5rem] sm:gap-3 hover:bg-raised">
                <span>
                  <State of={incident.state} />
                </span>
                <span className="break-words sm:truncate">{incident.title ?? incident.fingerprint}</span>
                <span className="tabular text-muted">{short(incident.count)}</span>
                <span className="text-right text-muted">
                  <Time at={incident.last_seen} />
                </span>
              </Link>
            </m.li>
          ))}
        </AnimatePresence>
      </ul>
      {incidents.length + tripped.length === 0 && <Empty title="Nothing is open">New incidents appear here by themselves.</Empty>}
      {tripped.length === 0 && breakers.length > 0 && (
        <p className="mt-auto border-t border-line/60 px-3 py-1.5 text-2xs text-muted">
          {breakers.length === 1 ? "The breaker" : `All ${breakers.length} breakers`} of {breakers.map((breaker) => breaker.topic).join(", ")}: closed, records flow.
        </p>
      )}
    </Panel>
  );
});
