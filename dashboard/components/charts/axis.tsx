/** How visx axes look in both themes. */
export const AXIS = { hideAxisLine: true, hideTicks: true } as const;

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
