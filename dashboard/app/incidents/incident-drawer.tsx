"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";

import { Sparkline } from "@/components/charts/sparkline";
import { State } from "@/components/ui/badge";
import { buttonClass } from "@/components/ui/button";
import { Drawer } from "@/components/ui/dialog";
import { Facts } from "@/components/ui/facts";
import { Panel } from "@/components/ui/panel";
import { Loaded } from "@/components/ui/states";
import { Time } from "@/components/ui/time";
import { incidentQuery, type IncidentDetail } from "@/lib/api/incidents";
import { count, short, words } from "@/lib/format";
import { routes } from "@/lib/routes";
import { useCan } from "@/lib/session";

import { Steps } from "../quarantine/steps";
import { IncidentActions } from "./incident-actions";

export function IncidentDrawer({ fingerprint, onClose }: { fingerprint: string | null; onClose: () => void }) {
  const incident = useQuery({ ...incidentQuery(fingerprint ?? ""), enabled: fingerprint !== null });
  return (
    <Drawer open={fingerprint !== null} onClose={onClose} title={incident.data?.data.title ?? "Incident"}>
      {fingerprint !== null && (
        <Loaded query={incident} lines={10}>
          {({ data, etag }) => <Detail incident={data} etag={etag} />}
        </Loaded>
      )}
    </Drawer>
  );
}

function Detail({ incident, etag }: { incident: IncidentDetail; etag: string | null }) {
  const canWrite = useCan("write");
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <State of={incident.state} />
        <span className="text-muted">
          since <Time at={incident.state_since} /> · {count(incident.open_records)} open of {count(incident.record_count)} records
        </span>
        <div className="ml-auto flex flex-wrap gap-2">
          <Link href={routes.quarantine({ incident: incident.fingerprint })} prefetch={false} className={buttonClass()}>
            Show records
          </Link>
          {canWrite && <IncidentActions incident={incident} etag={etag} />}
        </div>
      </div>
      <div className="grid gap-3 lg:grid-cols-2">
        <Panel title="Trend" aside="records an hour, last 24 h">
          <div className="p-3">
            <Sparkline values={incident.trend} width={420} height={64} className="w-full" label={`Records an hour over a day: ${incident.trend.join(", ")}`} />
          </div>
        </Panel>
        <Panel title="Facts">
          <Facts of={factsOf(incident)} />
        </Panel>
        <Panel title="Producers">
          <Producers of={incident} />
        </Panel>
        <Panel title="Records by status">
          <Facts of={incident.statuses.map(({ value, count: many }) => [words(value ?? "unknown"), count(many)])} />
        </Panel>
        <Panel title="History" className="lg:col-span-2">
          <Steps of={incident.history} />
        </Panel>
      </div>
    </div>
  );
}

function factsOf(incident: IncidentDetail): [string, React.ReactNode][] {
  return [
    ["Schema", incident.schema_name],
    ["Error type", words(incident.error_type ?? "")],
    ["Code", incident.code],
    ["Field", incident.field_path || "the whole record"],
    ["Owner", incident.owner],
    ["First seen", <Time key="first" at={incident.first_seen} />],
    ["Last seen", <Time key="last" at={incident.last_seen} />],
    ["Fingerprint", <code key="fp" className="font-mono text-2xs break-all">{incident.fingerprint}</code>],
  ];
}

function Producers({ of }: { of: IncidentDetail }) {
  if (of.producers.length === 0) return <p className="p-3 text-muted">No producer named itself (header `client-id`).</p>;
  return (
    <ul className="divide-y divide-line/60">
      {of.producers.map((each, index) => (
        <li key={index} className="flex justify-between gap-3 px-3 py-1.5">
          <span className="truncate">{each.producer ?? "unnamed"}</span>
          <span className="tabular text-muted">
            {short(each.count)} · <Time at={each.last_seen} />
          </span>
        </li>
      ))}
    </ul>
  );
}
