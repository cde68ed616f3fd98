"use client";

import { Group } from "@visx/group";
import { scaleLinear } from "@visx/scale";
import { Arc } from "@visx/shape";
import { memo } from "react";

import { short } from "@/lib/format";

const FROM = -0.62 * Math.PI;
const TO = 0.62 * Math.PI;
/** Lag spans orders of magnitude; the alert stands at 10,000. */
const LIMIT = 100_000;

function tone(lag: number | null | undefined): string {
  if (lag == null) return "var(--muted)";
  return lag > 10_000 ? "var(--error)" : lag > 1000 ? "var(--invalid)" : "var(--valid)";
}

/** Lag of one partition on a logarithmic arc; unknown is an empty one. */
export const LagGauge = memo(function LagGauge({ lag, size = 64 }: { lag: number | null | undefined; size?: number }) {
  const angle = scaleLinear({ domain: [0, Math.log10(LIMIT + 1)], range: [FROM, TO], clamp: true });
  const radius = size / 2;
  const ring = { outerRadius: radius - 1, innerRadius: radius - 7, cornerRadius: 3 };
  return (
    <svg width={size} height={size * 0.86} aria-hidden="true">
      <Group top={radius} left={radius}>
        <Arc startAngle={FROM} endAngle={TO} {...ring} fill="var(--raised)" />
        {lag != null && <Arc startAngle={FROM} endAngle={angle(Math.log10(lag + 1)) + 0.04} {...ring} fill={tone(lag)} />}
        <text textAnchor="middle" dy={5} fill="var(--ink)" fontSize={size / 4.6} fontWeight={600} style={{ fontVariantNumeric: "tabular-nums" }}>
          {short(lag)}
        </text>
      </Group>
    </svg>
  );
});
