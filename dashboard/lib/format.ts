/** What an unknown value looks like; it is never shown as 0. */
export const UNKNOWN = "n/a";

type Maybe = number | null | undefined;

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function count(value: Maybe): string {
  return value == null ? UNKNOWN : whole.format(value);
}

export function short(value: Maybe): string {
  if (value == null) return UNKNOWN;
  return Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value);
}

/** Format records per second: a decimal below ten, where it says something. */
export function rate(value: Maybe): string {
  if (value == null) return UNKNOWN;
  return value !== 0 && value < 10 ? value.toFixed(1) : short(value);
}

/** Format a share of 0..1; never rounds up to 100 % what is not whole. */
export function share(value: Maybe): string {
  if (value == null) return UNKNOWN;
  const percent = value * 100;
  if (percent === 100 || percent === 0) return `${percent} %`;
  const digits = percent > 99 ? 2 : 1;
  const factor = 10 ** digits;
  const shown = percent > 99 ? Math.floor(percent * factor) / factor : percent;
  return `${shown.toFixed(digits)} %`;
}

export function milliseconds(value: Maybe): string {
  if (value == null) return UNKNOWN;
  if (value >= 1000) return `${Number((value / 1000).toFixed(1))} s`;
  return value < 10 ? `${Number(value.toFixed(1))} ms` : `${whole.format(value)} ms`;
}

export function bytes(value: Maybe): string {
  if (value == null) return UNKNOWN;
  if (value < 1000) return `${value} B`;
  const unit = value < 1e6 ? "kB" : value < 1e9 ? "MB" : "GB";
  const scaled = value / (unit === "kB" ? 1e3 : unit === "MB" ? 1e6 : 1e9);
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${unit}`;
}

export function seconds(value: Maybe): string {
  if (value == null) return UNKNOWN;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  if (value < 172_800) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86_400)} d`;
}

/** Say how long a partition has waited for a commit; one without lag waits for none. */
export function waiting(lag: Maybe, commitAgeS: Maybe): string {
  if (commitAgeS != null) return `${seconds(commitAgeS)} ago`;
  return lag === 0 ? "up to date" : UNKNOWN;
}

/** Say how long ago something was, in one unit. */
export function ago(at: string | null | undefined, now: number): string {
  if (!at) return UNKNOWN;
  const age = (now - Date.parse(at)) / 1000;
  if (Number.isNaN(age)) return UNKNOWN;
  if (age < 1) return "now";
  return `${seconds(Math.round(age)).replace(".0", "")} ago`;
}

/** Give the ways to read an instant, for a tooltip. */
export function instants(at: string): { utc: string; local: string; epoch: string } {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return { utc: at, local: at, epoch: at };
  return {
    utc: date.toISOString().replace("T", " ").replace("Z", " UTC"),
    local: date.toLocaleString(undefined, { timeZoneName: "short" }),
    epoch: String(date.getTime()),
  };
}

/** Turn `schema_violation` or `MISSING_FIELD` into words. */
export function words(name: string): string {
  return name.toLowerCase().replaceAll("_", " ");
}
