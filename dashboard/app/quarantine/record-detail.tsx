"use client";

import { useState } from "react";

import { Violations } from "@/components/json/violations";
import { Badge, State } from "@/components/ui/badge";
import { Copy } from "@/components/ui/copy";
import { Facts } from "@/components/ui/facts";
import { Panel } from "@/components/ui/panel";
import { Time } from "@/components/ui/time";
import type { QuarantineRecord } from "@/lib/api/quarantine";
import { count, words } from "@/lib/format";
import { useCan } from "@/lib/session";

import { placeOf, schemaOf } from "./columns";
import { PayloadPanel } from "./payload-panel";
import { Lineage, Steps } from "./steps";
import { RecordActions } from "./record-actions";

interface Props {
  record: QuarantineRecord;
  etag: string | null;
  onOpen: (id: string) => void;
}

export function RecordDetail({ record, etag, onOpen }: Props) {
  const [active, setActive] = useState<number | null>(null);
  const canWrite = useCan("write");
  const violations = record.violations ?? [];
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <State of={record.status} />
        <Badge>{words(record.error_type)}</Badge>
        <span className="text-muted">
          {schemaOf(record)} · <Time at={record.quarantined_at} /> · attempt {count(record.attempt)}
        </span>
        {canWrite && <RecordActions record={record} etag={etag} />}
      </div>
      <div className="grid gap-3 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <PayloadPanel id={record.id} violations={violations} active={active} />
        <Panel title={`Violations (${violations.length})`}>
          <div className="max-h-[60vh] overflow-auto" tabIndex={0} role="region" aria-label="Violations">
            <Violations of={violations} active={active} onActive={setActive} />
            {violations.length === 0 && <p className="p-3 text-muted">{record.error_message || "No violation is listed."}</p>}
          </div>
        </Panel>
        <Panel title="Coordinates">
          <Facts of={coordinates(record)} />
        </Panel>
        <Panel title="Headers">
          <Headers of={record.headers} />
        </Panel>
        <Panel title="History">
          <Steps of={record.history} />
        </Panel>
        <Panel title="Lineage">
          <Lineage of={record.lineage} current={record.id} onOpen={onOpen} />
        </Panel>
      </div>
    </div>
  );
}

function coordinates(record: QuarantineRecord): [string, React.ReactNode][] {
  return [
    ["Id", <span key="id" className="inline-flex items-center gap-1 font-mono text-2xs">{record.id} <Copy text={record.id} label="id" /></span>],
    ["Source", placeOf(record)],
    ["Record time", <Time key="at" at={record.timestamp} />],
    ["Key", record.key == null ? null : String(record.key)],
    ["Producer", record.producer],
    ["Dead letter", record.dlq_partition == null ? null : `partition ${record.dlq_partition}, offset ${record.dlq_offset}`],
    ["Stored", record.storage_path],
    ["Incident", record.fingerprint],
  ];
}

function Headers({ of }: { of: QuarantineRecord["headers"] }) {
  if (!of) return <p className="p-3 text-muted">n/a: the envelope could not be read.</p>;
  if (of.length === 0) return <p className="p-3 text-muted">The record had no headers.</p>;
  return <Facts of={of.map(([name, value], index) => [`${name}${"\u200b".repeat(index)}`, <code key={index} className="font-mono text-2xs">{typeof value === "string" ? value : JSON.stringify(value)}</code>])} />;
}
