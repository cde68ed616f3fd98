"use client";

import { memo, useMemo } from "react";

import { Rates, type RatePoint } from "@/components/charts/rates";
import { Panel } from "@/components/ui/panel";
import { Empty } from "@/components/ui/states";
import type { Overview } from "@/lib/api/overview";

const LEGEND = [
  ["valid", "bg-valid"],
  ["invalid", "bg-invalid"],
  ["error", "bg-error"],
] as const;

const LEGENDS = LEGEND.map(([name, colour]) => (
  <span key={name} className="flex items-center gap-1">
    <span className={`size-2 rounded-sm ${colour}`} />
    {name}
  </span>
));

export const RatesPanel = memo(function RatesPanel({ series }: { series: Overview["series"] }) {
  const points = useMemo(() => series.map(point), [series]);
  return (
    <Panel title="Records per second" aside={LEGENDS} className="xl:col-span-8">
      {points.length > 1 ? (
        <div className="p-2">
          <Rates points={points} height={210} />
        </div>
      ) : (
        <Empty title="No records yet">Produce some: `dataquarantine produce` or `dataquarantine load`.</Empty>
      )}
    </Panel>
  );
});

function point(raw: Overview["series"][number]): RatePoint {
  return { at: Date.parse(raw.at), valid: raw.valid ?? null, invalid: raw.invalid ?? null, error: raw.error ?? null };
}
