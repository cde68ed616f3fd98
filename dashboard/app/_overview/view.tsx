"use client";

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { PageTitle } from "@/components/ui/panel";
import { Failed, Loading } from "@/components/ui/states";
import { overviewQuery } from "@/lib/api/overview";
import { useIsStale, useLive } from "@/lib/live";

import { Codes, ErrorTypes } from "./errors";
import { Figures } from "./figures";
import { Lags } from "./lags";
import { LatencyPanel } from "./latency-panel";
import { Now } from "./now";
import { RatesPanel } from "./rates-panel";

export function OverviewView() {
  const live = useLive((state) => state.overview);
  // The first picture, before the stream has said anything.
  const first = useQuery({ ...overviewQuery(), enabled: live === null });
  const shown = live ?? first.data;
  if (shown === undefined) {
    return first.error ? <Failed error={first.error} retry={() => void first.refetch()} /> : <Loading lines={10} />;
  }
  return (
    <Staleness>
      <PageTitle>Overview</PageTitle>
      <div className="grid grid-cols-1 gap-3 xl:grid-cols-12">
        <Figures of={shown} />
        <RatesPanel series={shown.series} />
        <ErrorTypes of={shown.error_types} />
        <Now incidents={shown.incidents} breakers={shown.breakers} open={shown.open_incidents} />
        <Lags partitions={shown.partitions} leftOut={shown.partitions_left_out} />
        <LatencyPanel latency={shown.latency} at={Date.parse(shown.as_of)} />
        <Codes of={shown.codes} />
      </div>
    </Staleness>
  );
}

function Staleness({ children }: { children: ReactNode }) {
  const stale = useIsStale();
  return (
    <div className={stale ? "opacity-60 saturate-50" : ""} data-stale={stale}>
      {children}
    </div>
  );
}
