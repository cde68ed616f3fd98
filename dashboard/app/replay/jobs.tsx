"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useMemo } from "react";

import { State } from "@/components/ui/badge";
import { Panel } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { jobsQuery, type Job } from "@/lib/api/replays";
import { count, rate, UNKNOWN } from "@/lib/format";
import { routes } from "@/lib/routes";

export function Jobs({ selected, onOpen }: { selected: string | null; onOpen: (id: string) => void }) {
  const jobs = useQuery(jobsQuery());
  const columns = useMemo(() => columnsOf(onOpen), [onOpen]);
  return (
    <Panel title="Replays">
      <Loaded query={jobs}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="Nothing was replayed yet">
              Start from an{" "}
              <Link href={routes.incidents()} prefetch={false} className="text-accent underline">
                incident
              </Link>{" "}
              or from selected{" "}
              <Link href={routes.quarantine()} prefetch={false} className="text-accent underline">
                records
              </Link>
              .
            </Empty>
          ) : (
            <Table label="Replays" columns={columns} rows={data.items} rowId={(job) => job.id} selected={selected} onOpen={(job) => onOpen(job.id)} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function columnsOf(onOpen: (id: string) => void): Column<Job>[] {
  return [
    { id: "at", header: "Created", cell: ({ row }) => <Time at={row.original.created_at} /> },
    { id: "state", header: "State", cell: ({ row }) => <State of={row.original.state} /> },
    {
      id: "why",
      header: "Reason",
      cell: ({ row }) => (
        <button type="button" className="block max-w-[30rem] min-w-40 truncate text-left font-medium hover:text-accent" onClick={() => onOpen(row.original.id)}>
          {row.original.why || row.original.id}
        </button>
      ),
    },
    { id: "by", header: "By", cell: ({ row }) => row.original.created_by ?? UNKNOWN },
    { id: "selected", header: "Records", cell: ({ row }) => count(row.original.counts.selected) },
    { id: "passed", header: "Passed", cell: ({ row }) => <span className="text-valid">{count(row.original.counts.reprocessed)}</span> },
    { id: "failed", header: "Failed again", cell: ({ row }) => count(row.original.counts.failed_again) },
    { id: "rate", header: "Records/s", cell: ({ row }) => (row.original.rate_per_s == null ? "no limit" : rate(row.original.rate_per_s)) },
  ];
}
