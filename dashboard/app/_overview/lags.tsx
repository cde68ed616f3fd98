import { memo } from "react";

import { LagGauge } from "@/components/charts/gauge";
import { Panel } from "@/components/ui/panel";
import { Empty } from "@/components/ui/states";
import type { PartitionLag } from "@/lib/api/overview";
import { short, waiting } from "@/lib/format";

interface Props {
  partitions: PartitionLag[];
  leftOut: number | null | undefined;
}

export const Lags = memo(function Lags({ partitions, leftOut }: Props) {
  return (
    <Panel title="Lag per partition" aside="records, log scale" className="xl:col-span-4">
      {partitions.length === 0 ? (
        <Empty title="No partitions known">They appear once a worker has some assigned.</Empty>
      ) : (
        <ul className="grid max-h-72 grid-cols-[repeat(auto-fill,minmax(6.5rem,1fr))] gap-y-2 overflow-y-auto p-3" tabIndex={0} aria-label="Partitions">
          {partitions.map((each) => (
            <Lag key={`${each.topic}/${each.partition}`} of={each} />
          ))}
        </ul>
      )}
      {Boolean(leftOut) && <p className="px-3 pb-2 text-2xs text-muted">{short(leftOut)} more under Topics & breakers</p>}
    </Panel>
  );
});

const Lag = memo(function Lag({ of }: { of: PartitionLag }) {
  const name = `${of.topic}/${of.partition}`;
  return (
    <li className="flex min-w-0 flex-col items-center px-1 text-center">
      <LagGauge lag={of.lag} />
      <span className="flex max-w-full text-2xs" title={name}>
        <span className="truncate">{of.topic}</span>
        <span className="shrink-0">/{of.partition}</span>
      </span>
      <span className={`text-2xs ${of.state === "paused" ? "text-invalid" : "text-muted"}`}>
        {of.state === "paused" ? "paused" : `${of.commit_age_s == null ? "" : "commit "}${waiting(of.lag, of.commit_age_s)}`}
      </span>
    </li>
  );
});
