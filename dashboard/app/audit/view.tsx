"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/field";
import { PageTitle, Panel } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { logQuery, reportQuery, type LedgerPartition, type LogEntry } from "@/lib/api/audit";
import { count, UNKNOWN, words } from "@/lib/format";
import { useQueryState } from "@/lib/url";

export function AuditView() {
  return (
    <>
      <PageTitle>Audit</PageTitle>
      <div className="flex flex-col gap-3">
        <Ledger />
        <Log />
      </div>
    </>
  );
}

/** What the ledger proves per partition. */
function Ledger() {
  const report = useQuery(reportQuery());
  const aside = (
    <>
      <span>
        self-reported, as of <Time at={report.data?.as_of} />
      </span>
      <Button kind="quiet" disabled={report.isFetching} onClick={() => void report.refetch()}>
        {report.isFetching ? "Reading" : "Read again"}
      </Button>
    </>
  );
  return (
    <Panel title="Ledger" aside={aside}>
      <Loaded query={report}>
        {(data) => (
          <>
            {data.partitions.length === 0 ? (
              <Empty title="The ledger is empty">It fills with the first records that are judged.</Empty>
            ) : (
              <Table label="Ledger per partition" columns={LEDGER} rows={data.partitions} rowId={(row) => `${row.topic}/${row.partition}`} />
            )}
            <Findings of={data.findings} />
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Findings({ of }: { of: unknown[] }) {
  if (of.length === 0) {
    return (
      <p className="border-t border-line px-3 py-2">
        <Badge tone="valid">no findings</Badge> <span className="text-muted">Ranges are contiguous and every record is accounted for.</span>
      </p>
    );
  }
  return (
    <ul className="divide-y divide-line/60 border-t border-line" aria-label="Findings">
      {of.map((finding, index) => (
        <li key={index} className="px-3 py-1.5 font-mono text-2xs break-all">
          {typeof finding === "string" ? finding : JSON.stringify(finding)}
        </li>
      ))}
    </ul>
  );
}

function figure(name: keyof LedgerPartition & string, header: string, tone = ""): Column<LedgerPartition> {
  return { id: name, header, cell: ({ row }) => <span className={row.original[name] ? tone : "text-muted"}>{count(row.original[name] as number | null)}</span> };
}

const LEDGER: Column<LedgerPartition>[] = [
  { id: "partition", header: "Partition", cell: ({ row }) => `${row.original.topic}/${row.original.partition}` },
  figure("seen", "Seen", "text-ink"),
  figure("valid", "Valid", "text-valid"),
  figure("invalid", "Invalid", "text-invalid"),
  figure("error", "Error", "text-error"),
  figure("redelivered", "Redelivered", "text-ink"),
  figure("expired", "Expired", "text-invalid"),
  figure("skipped", "Skipped", "text-invalid"),
  figure("lost", "Lost", "text-error"),
];

/** Who did what. */
function Log() {
  const { params, set } = useQueryState();
  const filters = { actor: params.get("actor") ?? undefined, action: params.get("action") ?? undefined };
  const log = useInfiniteQuery(logQuery(filters));
  const rows = log.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title="Who did what">
      <form role="search" aria-label="Filters" className="flex flex-wrap gap-2 border-b border-line p-3" onSubmit={(event) => event.preventDefault()}>
        <Field label="Actor">{(id) => <Input id={id} data-search type="search" className="w-40" value={filters.actor ?? ""} onChange={(event) => set({ actor: event.target.value })} />}</Field>
        <Field label="Action">{(id) => <Input id={id} type="search" className="w-40" value={filters.action ?? ""} onChange={(event) => set({ action: event.target.value })} />}</Field>
      </form>
      <Loaded query={log}>
        {() =>
          rows.length === 0 ? (
            <Empty title="Nothing here">Every review, replay, reset and schema change is kept here.</Empty>
          ) : (
            <Table label="Audit log" columns={LOG} rows={rows} rowId={(row) => String(row.id)} />
          )
        }
      </Loaded>
      {log.hasNextPage && (
        <div className="border-t border-line p-2 text-center">
          <Button kind="quiet" onClick={() => void log.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </Panel>
  );
}

const LOG: Column<LogEntry>[] = [
  { id: "at", header: "When", cell: ({ row }) => <Time at={row.original.at} /> },
  { id: "actor", header: "Who", cell: ({ row }) => row.original.actor ?? UNKNOWN },
  { id: "action", header: "What", cell: ({ row }) => <span className="font-medium">{words(row.original.action ?? UNKNOWN)}</span> },
  { id: "subject", header: "On", cell: ({ row }) => <code className="block max-w-80 truncate font-mono text-2xs">{row.original.subject ?? "–"}</code> },
  { id: "reason", header: "Why", cell: ({ row }) => <span className="block max-w-96 truncate">{row.original.reason ?? "–"}</span> },
];
