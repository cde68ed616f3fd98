import { words } from "@/lib/format";

const TONES = {
  valid: "text-valid bg-valid/10 border-valid/30",
  invalid: "text-invalid bg-invalid/10 border-invalid/30",
  error: "text-error bg-error/10 border-error/30",
  remediated: "text-remediated bg-remediated/10 border-remediated/30",
  accent: "text-accent bg-accent/10 border-accent/30",
  muted: "text-muted bg-raised border-line",
};
export type Tone = keyof typeof TONES;

/** States of all resources: their tone, and a sentence that says what they mean. */
const STATES: Record<string, [Tone, string]> = {
  quarantined: ["invalid", "The row is there; the payload is on its way to the object store."],
  stored: ["invalid", "Row and payload are stored; nobody has looked at it yet."],
  in_review: ["accent", "Somebody is looking at it."],
  fixed: ["accent", "A repair is at hand; it was not replayed yet."],
  replaying: ["remediated", "It is on its way through the gateway again."],
  reprocessed: ["valid", "It passed after a replay."],
  failed_again: ["error", "It was replayed and failed again."],
  parked: ["muted", "It failed too often; only a review brings it back."],
  discarded: ["muted", "Somebody decided that it is not needed, with a reason."],
  new: ["error", "Not seen before."],
  ongoing: ["invalid", "It goes on, and somebody knows."],
  escalating: ["error", "It comes much more often than before."],
  regressed: ["error", "It was resolved and came back."],
  resolved: ["valid", "Settled; if it returns, it is a regression."],
  archived: ["muted", "Out of sight until it escalates."],
  closed: ["valid", "Records flow."],
  open: ["error", "The source is closed: mostly bad records arrived."],
  half_open: ["invalid", "A few records are on trial."],
  flowing: ["valid", "Records are read."],
  paused: ["invalid", "Nothing is read until the reason is gone."],
  registered: ["muted", "Known, judges nothing."],
  shadow: ["remediated", "Judges live traffic beside the enforced version; routes nothing."],
  enforced: ["valid", "Judges and routes."],
  deprecated: ["invalid", "Still accepted, and counted."],
  retired: ["muted", "No longer accepted."],
  planning: ["muted", "Its records are being frozen and judged."],
  planned: ["accent", "The dry run is done; nothing was sent."],
  running: ["remediated", "Records are being sent."],
  done: ["valid", "Every record has its outcome."],
  failed: ["error", "It stopped on a problem."],
  cancelled: ["muted", "Somebody stopped it."],
  pass: ["valid", "Would pass now."],
  fail: ["error", "Would fail again."],
  unchanged: ["muted", "The repair changes nothing here."],
};

export function Badge({ tone = "muted", title, children }: { tone?: Tone; title?: string; children: React.ReactNode }) {
  return (
    <span title={title} className={`inline-flex h-5 items-center rounded border px-1.5 text-2xs font-medium whitespace-nowrap ${TONES[tone]}`}>
      {children}
    </span>
  );
}

export function State({ of }: { of: string }) {
  const [tone, meaning] = STATES[of] ?? (["muted", of] satisfies [Tone, string]);
  return (
    <Badge tone={tone} title={meaning}>
      {words(of)}
    </Badge>
  );
}
