import { memo } from "react";

import type { Overview } from "@/lib/api/overview";
import { bytes, count, rate, share, short } from "@/lib/format";

interface FigureProps {
  name: string;
  value: string;
  unit?: string;
  note?: string;
  tone?: string;
}

const Figure = memo(function Figure({ name, value, unit, note, tone = "" }: FigureProps) {
  return (
    <div className="min-w-0 px-3 py-2.5">
      <dt className="truncate text-2xs text-muted">{name}</dt>
      <dd>
        <span className={`tabular text-lg leading-6 font-semibold tracking-tight ${tone}`}>{value}</span>
        {unit && <span className="ml-1 text-2xs text-muted">{unit}</span>}
        {note && <span className="block truncate text-2xs text-muted">{note}</span>}
      </dd>
    </div>
  );
});

function warns(value: number | null | undefined): string {
  return value ? "text-invalid" : "";
}

/** The figures that an on-call reader looks at first. */
export function Figures({ of }: { of: Overview }) {
  const { rates, totals } = of;
  const low = of.success_share != null && of.success_share < 0.95;
  return (
    <dl className="grid grid-cols-2 divide-line rounded-lg border border-line bg-surface sm:grid-cols-4 xl:col-span-12 xl:grid-cols-8 xl:divide-x">
      <Figure name="Success share" value={share(of.success_share)} tone={low ? "text-error" : "text-valid"} note={`of ${short(totals.seen)} in the last hour`} />
      <Figure name="Valid" value={rate(rates.valid)} unit="/s" note={`${count(totals.valid)} last hour`} />
      <Figure name="Invalid" value={rate(rates.invalid)} unit="/s" note={`${count(totals.invalid)} last hour`} tone={warns(rates.invalid)} />
      <Figure name="Error" value={rate(rates.error)} unit="/s" note={`${count(totals.error)} last hour`} tone={rates.error ? "text-error" : ""} />
      <Figure name="Remediated" value={rate(rates.remediated)} unit="/s" note={`${count(totals.remediated)} last hour`} />
      <Figure name="Open incidents" value={count(of.open_incidents)} tone={warns(of.open_incidents)} />
      <Figure name="Open records" value={short(of.open_records)} />
      <Figure name="Spool" value={count(of.spool?.records)} unit="records" note={bytes(of.spool?.bytes)} tone={warns(of.spool?.records)} />
    </dl>
  );
}
