import type { TickRendererProps } from "@visx/axis";

/** How visx axes look in both themes. */
export const AXIS = { hideAxisLine: true, hideTicks: true, tickComponent: Label } as const;

/** Without visx's own text: that measures each new label, which has the page laid out at once. */
function Label({ formattedValue, x, y, dx, dy, textAnchor }: TickRendererProps) {
  return (
    <text {...tickLabel} x={x} y={y} dx={dx} dy={dy} textAnchor={textAnchor}>
      {formattedValue}
    </text>
  );
}

export const tickLabel = {
  fill: "var(--muted)",
  fontSize: 10,
  fontFamily: "var(--font-sans)",
  style: { fontVariantNumeric: "tabular-nums" },
} as const;

const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export function clockTime(at: number | Date): string {
  return clock.format(at);
}
