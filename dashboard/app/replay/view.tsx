"use client";

import { useMemo } from "react";

import { PageTitle } from "@/components/ui/panel";
import { useCan } from "@/lib/session";
import { useQueryState } from "@/lib/url";

import { Jobs } from "./jobs";
import { JobPanel } from "./job-panel";
import { readSelection } from "./selection";
import { Workbench } from "./workbench";

/** Select, repair, dry run, replay: one page from top to bottom. */
export function ReplayView() {
  const { params, query, set } = useQueryState();
  const selection = useMemo(() => readSelection(new URLSearchParams(query)), [query]);
  const canWrite = useCan("write");
  const job = params.get("job");
  const pin = params.get("pin");
  return (
    <>
      <PageTitle>Fix &amp; replay</PageTitle>
      <div className="flex flex-col gap-3">
        {selection !== null && canWrite && <Workbench key={JSON.stringify([selection, pin])} selection={selection} pin={pin} onPlanned={(id) => set({ job: id })} />}
        {job && <JobPanel id={job} />}
        <Jobs selected={job} onOpen={(id) => set({ job: id })} />
      </div>
    </>
  );
}
