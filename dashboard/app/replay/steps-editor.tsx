"use client";

import { useState } from "react";

import { JsonEditor } from "@/components/json/editor";
import { syntaxProblem } from "@/components/json/problems";
import { repairs } from "@/lib/api/replays";
import { parseExact } from "@/lib/json/exact";

import type { Repair } from "./repair-editor";

const EXAMPLES = {
  recipe: '[\n  {"trim": ["user_id"]}\n]',
  patch: '[\n  {"op": "replace", "path": "/event_type", "value": "view"}\n]',
};
const HINTS = {
  recipe: "Remediation steps as in a schema file, applied to each record in order.",
  patch: "RFC 6902 operations, applied to each record.",
};

interface Props {
  kind: "recipe" | "patch";
  onRepair: (repair: Repair) => void;
}

/** Write a recipe or a patch by hand. */
export function StepsEditor({ kind, onRepair }: Props) {
  const [text, setText] = useState(EXAMPLES[kind]);
  const problem = syntaxProblem(text);
  const change = (next: string) => {
    setText(next);
    const broken = syntaxProblem(next) !== null;
    const repair = broken ? repairs.none() : repairs[kind](parseExact(next));
    onRepair({ kind, text: repair, summary: kind === "recipe" ? "Apply a recipe" : "Apply a patch", broken });
  };
  return (
    <div className="space-y-2">
      <p className="text-muted">{HINTS[kind]}</p>
      <JsonEditor label={kind === "recipe" ? "Recipe steps" : "Patch operations"} value={text} onChange={change} problems={problem ? [problem] : []} />
    </div>
  );
}
