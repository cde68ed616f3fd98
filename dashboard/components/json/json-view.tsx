"use client";

import { useMemo } from "react";

import type { Violation } from "@/lib/api/shapes";
import type { Json } from "@/lib/json/exact";
import { layOut, nearest, type Line } from "@/lib/json/lines";

const COLOUR = { string: "text-valid", number: "text-accent", word: "text-remediated", open: "text-muted", close: "text-muted" };

interface Props {
  value: Json;
  violations?: Violation[];
  masked?: string[];
  /** The violation to point out, by its index. */
  active?: number | null;
}

/** A document in lines; lines with violations are marked and say which. */
export function JsonView({ value, violations = [], masked = [], active = null }: Props) {
  const lines = useMemo(() => layOut(value), [value]);
  const marks = useMemo(() => marksOf(lines, violations), [lines, violations]);
  const hidden = useMemo(() => new Set(masked), [masked]);
  return (
    <pre tabIndex={0} aria-label="Payload" className="max-h-[60vh] overflow-auto py-2 font-mono text-xs leading-5">
      {lines.map((line, index) => {
        const found = line.kind === "close" ? undefined : marks.get(line.pointer);
        const pointed = active !== null && found?.includes(active);
        return (
          <div
            key={index}
            data-violation={found?.join(",")}
            className={`flex gap-3 pr-3 ${found ? "border-l-2 border-invalid bg-mark" : "border-l-2 border-transparent"} ${pointed ? "outline-1 -outline-offset-1 outline-invalid" : ""}`}
          >
            <span aria-hidden="true" className="tabular w-9 shrink-0 text-right text-2xs leading-5 text-muted select-none">
              {index + 1}
            </span>
            <span className="whitespace-pre">
              {"  ".repeat(line.depth)}
              {line.name !== null && <span className="text-ink">{JSON.stringify(line.name)}: </span>}
              <span className={COLOUR[line.kind]}>{line.text}</span>
              {hidden.has(line.pointer) && line.kind !== "close" && <span className="ml-2 text-2xs text-muted">masked</span>}
              {found && <span className="ml-3 font-sans text-2xs text-invalid">{found.map((at) => note(violations[at])).join(" · ")}</span>}
            </span>
          </div>
        );
      })}
    </pre>
  );
}

function note(violation: Violation | undefined): string {
  return violation?.message ?? violation?.code ?? "";
}

/** Group violations by the line that they show at. */
export function marksOf(lines: Line[], violations: Violation[]): Map<string, number[]> {
  const known = new Set(lines.map((line) => line.pointer));
  const marks = new Map<string, number[]>();
  violations.forEach((violation, index) => {
    const place = nearest(violation.instance_location ?? "", known);
    marks.set(place, [...(marks.get(place) ?? []), index]);
  });
  return marks;
}
