"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { JsonDiff } from "@/components/json/editor";
import { Button } from "@/components/ui/button";
import { Field, Select } from "@/components/ui/field";
import { Failed, Loaded } from "@/components/ui/states";
import { checkCompatibility, versionQuery, type SchemaVersion } from "@/lib/api/schemas";

import { VerdictView } from "./verdict";

interface Props {
  name: string;
  version: SchemaVersion;
  versions: string[];
}

/** Two versions side by side, and what the gateway thinks of the step between them. */
export function Compare({ name, version, versions }: Props) {
  const others = versions.filter((each) => each !== version.version);
  const [other, setOther] = useState(others.at(-1) ?? "");
  const base = useQuery({ ...versionQuery(name, other), enabled: other !== "" });
  const check = useMutation({ mutationFn: () => checkCompatibility(name, { ...version.document, version: undefined }) });
  if (others.length === 0) return <p className="p-3 text-muted">There is one version only; the next one can be compared with it.</p>;
  return (
    <div>
      <div className="flex items-end gap-2 p-3">
        <Field label="With version">
          {(id) => (
            <Select id={id} className="w-32" value={other} onChange={(event) => setOther(event.target.value)}>
              {others.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
          )}
        </Field>
        <Button onClick={() => check.mutate()} disabled={check.isPending}>
          Check compatibility
        </Button>
      </div>
      {check.error && <Failed error={check.error} />}
      {check.data && <VerdictView of={check.data} />}
      <Loaded query={base}>{(data) => <JsonDiff before={pretty(data.document)} after={pretty(version.document)} labels={[`${name}@${other}`, `${name}@${version.version}`]} />}</Loaded>
    </div>
  );
}

function pretty(document: unknown): string {
  return JSON.stringify(document, null, 2);
}
