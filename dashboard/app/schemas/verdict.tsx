import { JsonView } from "@/components/json/json-view";
import { Badge } from "@/components/ui/badge";
import type { Verdict } from "@/lib/api/schemas";
import { words } from "@/lib/format";
import type { Json } from "@/lib/json/exact";

/** Whether a document may be registered, every reason, and the report with its counter-examples. */
export function VerdictView({ of }: { of: Verdict }) {
  return (
    <section aria-label="Verdict" className="space-y-2 border-t border-line p-3">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={of.compatible ? "valid" : "error"}>{of.compatible ? "can be registered" : words(of.refusal ?? "refused")}</Badge>
        {of.suggested_version && <span className="text-muted">fits as version {of.suggested_version}</span>}
      </p>
      <ul className="list-disc space-y-0.5 pl-5">
        {of.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      {of.report !== null && of.report !== undefined && typeof of.report === "object" && Object.keys(of.report).length > 0 && (
        <details className="rounded border border-line">
          <summary className="cursor-pointer px-3 py-1.5 text-muted">Differences, by place, with counter-examples</summary>
          <JsonView value={of.report as Json} />
        </details>
      )}
    </section>
  );
}
