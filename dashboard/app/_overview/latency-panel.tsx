"use client";

import { useState } from "react";

import { Heatmap } from "@/components/charts/heatmap";
import { look, NOTHING } from "@/components/charts/latency";
import { Panel } from "@/components/ui/panel";
import { Empty } from "@/components/ui/states";
import type { Latency } from "@/lib/api/overview";
import { milliseconds } from "@/lib/format";

/** Latency of this worker: percentiles, and a heatmap since the page is open. */
export function LatencyPanel({ latency, at }: { latency: Latency | null | undefined; at: number }) {
  const [history, setHistory] = useState(NOTHING);
  const next = latency ? look(history, latency, at) : history;
  if (next !== history) setHistory(next);
  const percentiles = latency && (
    <span className="tabular flex gap-3 whitespace-nowrap">
      <span>p50 {milliseconds(latency.p50_ms)}</span>
      <span>p95 {milliseconds(latency.p95_ms)}</span>
      <span className="text-ink">p99 {milliseconds(latency.p99_ms)}</span>
    </span>
  );
  return (
    <Panel title="Latency, this worker" aside={percentiles} className="xl:col-span-8">
      {latency ? (
        <div className="p-3">
          <Heatmap history={history} height={216} />
        </div>
      ) : (
        <Empty title="n/a">This worker has judged nothing yet.</Empty>
      )}
    </Panel>
  );
}
