"use client";

import { Badge } from "@/components/ui/badge";
import type { Violation } from "@/lib/api/shapes";
import { UNKNOWN } from "@/lib/format";

interface Props {
  of: Violation[];
  active?: number | null;
  onActive?: (index: number | null) => void;
}

/** Every broken rule; pointing at one points it out in the payload. */
export function Violations({ of, active = null, onActive }: Props) {
  return (
    <ol className="divide-y divide-line/60">
      {of.map((violation, index) => (
        <li
          key={index}
          onMouseEnter={() => onActive?.(index)}
          onMouseLeave={() => onActive?.(null)}
          className={`space-y-1 px-3 py-2 ${index === active ? "bg-raised" : ""}`}
        >
          <div className="flex flex-wrap items-center gap-2">
            <Badge tone={violation.severity === "warn" ? "accent" : "invalid"}>{violation.code ?? UNKNOWN}</Badge>
            <code className="font-mono text-2xs break-all">{violation.field_path || violation.instance_location || "(the whole record)"}</code>
          </div>
          <p>{violation.message}</p>
          <p className="font-mono text-2xs break-all text-muted">{violation.rule ?? violation.keyword_location}</p>
        </li>
      ))}
    </ol>
  );
}
