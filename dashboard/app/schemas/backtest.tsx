"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { JsonView } from "@/components/json/json-view";
import { Button } from "@/components/ui/button";
import { Facts } from "@/components/ui/facts";
import { Field, Select } from "@/components/ui/field";
import { Failed } from "@/components/ui/states";
import { runBacktest } from "@/lib/api/schemas";
import { count } from "@/lib/format";
import type { Json } from "@/lib/json/exact";
import { useCan } from "@/lib/session";

const SPANS = ["1d", "7d", "30d"];

/** What a version would have said about the records of the past. */
export function Backtest({ name, version }: { name: string; version: string }) {
  const [last, setLast] = useState("7d");
  const canWrite = useCan("write");
  const test = useMutation({ mutationFn: () => runBacktest(name, version, last) });
  return (
    <div className="space-y-3 p-3">
      <div className="flex items-end gap-2">
        <Field label="Records of the last">
          {(id) => (
            <Select id={id} className="w-28" value={last} onChange={(event) => setLast(event.target.value)}>
              {SPANS.map((span) => (
                <option key={span}>{span}</option>
              ))}
            </Select>
          )}
        </Field>
        {canWrite && (
          <Button kind="primary" disabled={test.isPending} onClick={() => test.mutate()}>
            {test.isPending ? "Judging" : "Run the backtest"}
          </Button>
        )}
      </div>
      {test.error && <Failed error={test.error} retry={() => test.mutate()} />}
      {test.data && (
        <>
          <Facts
            of={[
              ["Judged", count(test.data.judged)],
              ["Newly failing", count(test.data.newly_failing)],
              ["Newly passing", count(test.data.newly_passing)],
              ["Unchanged", count(test.data.unchanged)],
            ]}
          />
          {test.data.examples && <JsonView value={test.data.examples as Json} />}
        </>
      )}
    </div>
  );
}
