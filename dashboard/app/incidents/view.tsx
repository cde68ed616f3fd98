"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { Sparkline } from "@/components/charts/sparkline";
import { State } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Field, Input, Select } from "@/components/ui/field";
import { PageTitle, Panel } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { incidentsQuery, type Incident } from "@/lib/api/incidents";
import { short, UNKNOWN, words } from "@/lib/format";
import { useRowKeys } from "@/lib/keyboard";
import { useQueryState } from "@/lib/url";

import { IncidentDrawer } from "./incident-drawer";

const STATES = ["new", "ongoing", "escalating", "regressed", "resolved", "archived"];

export function IncidentsView() {
  const { params, set } = useQueryState();
  const filters = { state: params.get("state") ?? undefined, schema: params.get("schema") ?? undefined };
  const list = useInfiniteQuery(incidentsQuery(filters));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const open = (row: Incident | undefined) => set({ fingerprint: row?.fingerprint });
  const cursor = useRowKeys(rows.length, (index) => open(rows[index]));
  const columns = useMemo(() => columnsOf((fingerprint) => set({ fingerprint })), [set]);
  return (
    <>
      <PageTitle>Incidents</PageTitle>
      <form role="search" aria-label="Filters" className="mb-3 flex flex-wrap items-end gap-2" onSubmit={(event) => event.preventDefault()}>
        <Field label="State">
          {(id) => (
            <Select id={id} className="w-36" value={filters.state ?? ""} onChange={(event) => set({ state: event.target.value })}>
              <option value="">any</option>
              {STATES.map((state) => (
                <option key={state} value={state}>
                  {words(state)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Schema">
          {(id) => <Input id={id} type="search" data-search className="w-40" value={filters.schema ?? ""} onChange={(event) => set({ schema: event.target.value })} />}
        </Field>
      </form>
      <Panel>
        <Loaded query={list} lines={10}>
          {() =>
            rows.length === 0 ? (
              <Empty title="No incident">Records that fail for the same reason are grouped here as they arrive.</Empty>
            ) : (
              <Table label="Incidents" columns={columns} rows={rows} rowId={(row) => row.fingerprint} cursor={cursor} selected={params.get("fingerprint")} onOpen={open} />
            )
          }
        </Loaded>
        {list.hasNextPage && (
          <div className="border-t border-line p-2 text-center">
            <Button kind="quiet" onClick={() => void list.fetchNextPage()}>
              Load more
            </Button>
          </div>
        )}
      </Panel>
      <IncidentDrawer fingerprint={params.get("fingerprint")} onClose={() => set({ fingerprint: null })} />
    </>
  );
}

function columnsOf(open: (fingerprint: string) => void): Column<Incident>[] {
  return [
    { id: "state", header: "State", cell: ({ row }) => <State of={row.original.state} /> },
    {
      id: "title",
      header: "Problem",
      cell: ({ row }) => (
        <button type="button" className="block max-w-[36rem] min-w-40 truncate text-left font-medium hover:text-accent" onClick={() => open(row.original.fingerprint)}>
          {row.original.title ?? row.original.fingerprint}
        </button>
      ),
    },
    { id: "schema", header: "Schema", cell: ({ row }) => row.original.schema_name ?? UNKNOWN },
    { id: "code", header: "Code", cell: ({ row }) => <code className="font-mono text-2xs">{row.original.code ?? UNKNOWN}</code> },
    { id: "count", header: "Records", cell: ({ row }) => short(row.original.record_count) },
    { id: "trend", header: "Last 24 h", cell: ({ row }) => <Sparkline values={row.original.trend} label={`Records an hour over a day: ${row.original.trend.join(", ")}`} /> },
    { id: "producers", header: "Producers", cell: ({ row }) => <span className="block max-w-40 truncate">{producersOf(row.original)}</span> },
    { id: "owner", header: "Owner", cell: ({ row }) => row.original.owner ?? UNKNOWN },
    { id: "last", header: "Last seen", cell: ({ row }) => <Time at={row.original.last_seen} /> },
  ];
}

function producersOf(incident: Incident): string {
  return incident.producers.map((each) => each.producer ?? "unnamed").join(", ") || UNKNOWN;
}
