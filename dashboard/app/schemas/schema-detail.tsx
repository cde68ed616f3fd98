"use client";

import { useQuery } from "@tanstack/react-query";

import { State } from "@/components/ui/badge";
import { Panel } from "@/components/ui/panel";
import { Loaded } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { historyQuery, schemaQuery, type Moved, type SchemaSummary } from "@/lib/api/schemas";
import { count, UNKNOWN } from "@/lib/format";

import { VersionPanel } from "./version-panel";

interface Props {
  name: string;
  version: string | null;
  /** The version of the folder that judges, as none is enforced. */
  file: string | null;
  asked: boolean;
  onVersion: (version: string) => void;
  onAsk: (version: string) => void;
  onMoved: (moved: Moved) => void;
}

export function SchemaDetail({ name, version, file, asked, onVersion, onAsk, onMoved }: Props) {
  const schema = useQuery(schemaQuery(name));
  return (
    <Loaded query={schema} lines={8}>
      {(data) => {
        const shown = version ?? data.enforced ?? data.versions.at(-1)?.version ?? null;
        return (
          <div className="flex flex-col gap-3">
            <Panel title={name} aside={`${data.compatibility ?? UNKNOWN} · ${data.policy ?? UNKNOWN}`}>
              <Table label={`Versions of ${name}`} columns={columnsOf(onVersion)} rows={[...data.versions].reverse()} rowId={(row) => row.version} selected={shown} onOpen={(row) => onVersion(row.version)} />
              {file && <p className="border-t border-line/60 px-3 py-2 text-muted">No version is enforced: the file {file} of the schema folder judges until one is.</p>}
            </Panel>
            {shown && <VersionPanel key={shown} name={name} version={shown} versions={data.versions.map((each) => each.version)} asked={asked} onAsk={() => onAsk(shown)} onMoved={onMoved} />}
            <History name={name} />
          </div>
        );
      }}
    </Loaded>
  );
}

function columnsOf(onVersion: (version: string) => void): Column<SchemaSummary>[] {
  return [
    {
      id: "version",
      header: "Version",
      cell: ({ row }) => (
        <button type="button" className="tabular font-medium hover:text-accent" onClick={() => onVersion(row.original.version)}>
          {row.original.version}
        </button>
      ),
    },
    { id: "state", header: "State", cell: ({ row }) => <State of={row.original.state} /> },
    { id: "since", header: "Since", cell: ({ row }) => <Time at={row.original.since} /> },
    { id: "type", header: "Type", cell: ({ row }) => row.original.type ?? UNKNOWN },
    { id: "owner", header: "Owner", cell: ({ row }) => row.original.owner ?? UNKNOWN },
    { id: "examples", header: "Examples", cell: ({ row }) => `${count(row.original.examples)} good, ${count(row.original.counter_examples)} bad` },
    { id: "description", header: "Description", cell: ({ row }) => <span className="block max-w-80 truncate">{row.original.description || "–"}</span> },
  ];
}

function History({ name }: { name: string }) {
  const history = useQuery(historyQuery(name));
  return (
    <Panel title="Rollout history">
      <Loaded query={history} lines={3}>
        {(data) => (
          <ol className="divide-y divide-line/60">
            {[...data.items].reverse().map((step, index) => (
              <li key={index} className="flex flex-wrap items-center gap-2 px-3 py-1.5">
                <span className="tabular font-medium">{step.version}</span>
                {step.from && <State of={step.from} />}
                <span aria-label="became">→</span>
                {step.to && <State of={step.to} />}
                {step.rollback && <span className="text-invalid">rollback</span>}
                <span className="text-muted">
                  {step.by} · <Time at={step.at} />
                </span>
                {step.why && <span className="w-full text-muted">{step.why}</span>}
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Panel>
  );
}
