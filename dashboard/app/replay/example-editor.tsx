"use client";

import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { JsonDiff, JsonEditor } from "@/components/json/editor";
import { problemsOf, syntaxProblem } from "@/components/json/problems";
import { Violations } from "@/components/json/violations";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import type { QuarantineRecord } from "@/lib/api/quarantine";
import { deriveRecipe, repairs } from "@/lib/api/replays";
import type { Json } from "@/lib/json/exact";

import { Recipe } from "./recipe";
import type { Repair } from "./repair-editor";
import { useJudgement } from "./use-judgement";

interface Props {
  record: QuarantineRecord;
  original: string;
  masked: string[];
  onRepair: (repair: Repair) => void;
}

/** Edit one record until it passes; from the edit a recipe for the others is derived. */
export function ExampleEditor({ record, original, masked, onRepair }: Props) {
  const [text, setText] = useState(original);
  const [comparing, setComparing] = useState(false);
  const judgement = useJudgement(record.schema_name, text);
  const syntax = syntaxProblem(text);
  const violations = useMemo(() => judgement.data?.violations ?? [], [judgement.data]);
  const problems = useMemo(() => (syntax ? [syntax] : problemsOf(text, violations)), [syntax?.message, text, violations]); // eslint-disable-line react-hooks/exhaustive-deps -- a new object each time, the same by its text
  const derive = useMutation({
    mutationFn: () => deriveRecipe(record.id, text),
    onSuccess: (found) => {
      if (found.recipe) onRepair({ kind: "recipe", text: repairs.recipe(found.recipe as Json[]), summary: "Apply the derived recipe" });
      else onRepair({ kind: "patch", text: repairs.patch(found.patch as Json[]), summary: "Apply the edit as a patch" });
    },
  });
  const change = (next: string) => {
    setText(next);
    derive.reset();
    onRepair({ kind: "edit", text: repairs.edit(record.id, next), summary: "Replay this record as edited", broken: syntaxProblem(next) !== null });
  };
  return (
    <div className="grid gap-3 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="min-w-0 space-y-2">
        <div className="flex flex-wrap items-center gap-2">
          <Verdict syntax={syntax !== null} result={judgement.data?.result} schema={record.schema_name} />
          <Button kind="quiet" aria-pressed={comparing} onClick={() => setComparing(!comparing)}>
            {comparing ? "Edit" : "Compare"}
          </Button>
          <Button kind="quiet" disabled={text === original} onClick={() => change(original)}>
            Undo all
          </Button>
          <Button className="ml-auto" disabled={syntax !== null || text === original || derive.isPending} onClick={() => derive.mutate()}>
            Derive a recipe
          </Button>
        </div>
        {comparing ? <JsonDiff before={original} after={text} labels={["Original", "Edited"]} /> : <JsonEditor label="Edited record" value={text} onChange={change} problems={problems} />}
        {masked.length > 0 && <p className="text-2xs text-muted">Masked and kept as they are: {masked.join(", ")}</p>}
      </div>
      <div className="min-w-0 rounded-md border border-line">
        {derive.error && <p className="p-3 text-error">{derive.error.message}</p>}
        {derive.data ? <Recipe of={derive.data} /> : <Violations of={violations} />}
        {!derive.data && violations.length === 0 && <p className="p-3 text-muted">{judgement.error ? judgement.error.message : "Broken rules are listed here as you type."}</p>}
      </div>
    </div>
  );
}

function Verdict({ syntax, result, schema }: { syntax: boolean; result: string | undefined; schema: string | null | undefined }) {
  if (syntax) return <Badge tone="error">no JSON</Badge>;
  if (!schema) return <Badge>no schema to judge by</Badge>;
  if (result === undefined) return <Badge>judging</Badge>;
  const good = result.toUpperCase() === "VALID";
  return (
    <span role="status">
      <Badge tone={good ? "valid" : "invalid"}>{good ? `passes ${schema}` : `fails ${schema}`}</Badge>
    </span>
  );
}
