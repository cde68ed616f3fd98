"use client";

import { AxisBottom, AxisLeft } from "@visx/axis";
import { scaleLinear, scaleTime } from "@visx/scale";
import { AreaStack, LinePath } from "@visx/shape";
import { useMemo, useState } from "react";

import { rate } from "@/lib/format";

import { AXIS, clockTime, tickLabel } from "./axis";
import { useWidth } from "./use-width";

export interface RatePoint {
  at: number;
  valid: number | null;
  invalid: number | null;
  error: number | null;
}

const KEYS = ["valid", "invalid", "error"] as const;
const COLOUR = { valid: "var(--valid)", invalid: "var(--invalid)", error: "var(--error)" };
const BOX = { top: 8, right: 26, bottom: 22, left: 44 };

/** Records per second by outcome, stacked; unknown points leave a gap. */
export function Rates({ points, height }: { points: RatePoint[]; height: number }) {
  const [ref, width] = useWidth();
  const [hover, setHover] = useState<number | null>(null);
  const { x, y } = useMemo(() => scales(points, width, height), [points, width, height]);
  const at = hover === null ? undefined : points[hover];
  return (
    <div ref={ref} className="relative" style={{ height }}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label="Records per second by outcome"
          onPointerLeave={() => setHover(null)}
          onPointerMove={(event) => {
            const left = event.clientX - event.currentTarget.getBoundingClientRect().left;
            setHover(closest(points, x.invert(left).getTime()));
          }}
        >
          {y.ticks(4).map((tick) => (
            <line key={tick} x1={BOX.left} x2={width - BOX.right} y1={y(tick)} y2={y(tick)} stroke="var(--line)" strokeDasharray="2 4" />
          ))}
          <AreaStack<RatePoint, (typeof KEYS)[number]>
            keys={[...KEYS]}
            data={points}
            x={(point) => x(point.data.at)}
            y0={(point) => y(point[0])}
            y1={(point) => y(point[1])}
            value={(point, key) => point[key] ?? 0}
            defined={(point) => point.data.valid !== null}
          >
            {({ stacks, path }) =>
              stacks.map((stack) => (
                <path key={stack.key} d={path(stack) ?? ""} fill={COLOUR[stack.key]} fillOpacity={stack.key === "valid" ? 0.18 : 0.55} />
              ))
            }
          </AreaStack>
          <LinePath data={points} x={(point) => x(point.at)} y={(point) => y(point.valid ?? 0)} defined={(point) => point.valid !== null} stroke="var(--valid)" strokeWidth={1.5} />
          {at && <line x1={x(at.at)} x2={x(at.at)} y1={BOX.top} y2={height - BOX.bottom} stroke="var(--muted)" strokeDasharray="3 3" />}
          <AxisLeft scale={y} left={BOX.left} numTicks={4} {...AXIS} tickFormat={(tick) => rate(Number(tick))} tickLabelProps={{ ...tickLabel, textAnchor: "end", dx: -4, dy: 3 }} />
          <AxisBottom scale={x} top={height - BOX.bottom} numTicks={Math.max(2, Math.floor(width / 140))} {...AXIS} tickFormat={(tick) => clockTime(tick as Date)} tickLabelProps={{ ...tickLabel, textAnchor: "middle" }} />
        </svg>
      )}
      {at && <Tip point={at} left={x(at.at)} width={width} />}
    </div>
  );
}

function Tip({ point, left, width }: { point: RatePoint; left: number; width: number }) {
  const side = left > width / 2 ? { right: width - left + 10 } : { left: left + 10 };
  return (
    <div className="glass tabular pointer-events-none absolute top-2 rounded-md border border-line px-2 py-1 text-2xs" style={side}>
      <p className="text-muted">{clockTime(point.at)}</p>
      {KEYS.map((key) => (
        <p key={key} className="flex justify-between gap-4">
          <span style={{ color: COLOUR[key] }}>{key}</span>
          <span>{rate(point[key])}/s</span>
        </p>
      ))}
    </div>
  );
}

function scales(points: RatePoint[], width: number, height: number) {
  const top = Math.max(1, ...points.map((point) => KEYS.reduce((sum, key) => sum + (point[key] ?? 0), 0)));
  return {
    x: scaleTime({ domain: [points[0]?.at ?? 0, points.at(-1)?.at ?? 1], range: [BOX.left, Math.max(BOX.left + 1, width - BOX.right)] }),
    y: scaleLinear({ domain: [0, top], range: [height - BOX.bottom, BOX.top], nice: true }),
  };
}

function closest(points: RatePoint[], at: number): number | null {
  if (points.length === 0) return null;
  return points.reduce((best, point, index) => (Math.abs(point.at - at) < Math.abs((points[best]?.at ?? 0) - at) ? index : best), 0);
}
