"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { JsonEditor } from "@/components/json/editor";
import { syntaxProblem } from "@/components/json/problems";
import { Button } from "@/components/ui/button";
import { Field, Input, Select } from "@/components/ui/field";
import { Panel } from "@/components/ui/panel";
import { Failed, Loading } from "@/components/ui/states";
import { keys } from "@/lib/api/keys";
import { checkCompatibility, register, schemaQuery, unregisteredVersionQuery, versionQuery, type Moved } from "@/lib/api/schemas";

import { VerdictView } from "./verdict";

const NEW = {
  name: "my_schema",
  version: "1.0.0",
  description: "",
  owner: "",
  type: "json_schema",
  schema: { type: "object", required: ["id"], properties: { id: { type: "string" } } },
  examples: [{ id: "a" }],
  counter_examples: [{}],
};

interface Props {
  name: string | null;
  /** The version that judges as a file of a name that is not registered. */
  file: string | null;
  onClose: (registered?: Moved) => void;
}

/** Register a version: starts from the newest of the schema shown, or from a small one. */
export function RegisterForm({ name, file, onClose }: Props) {
  const isKnown = name !== null && file === null;
  const schema = useQuery({ ...schemaQuery(name ?? ""), enabled: isKnown });
  const newest = schema.data?.versions.at(-1)?.version ?? null;
  const registered = useQuery({ ...versionQuery(name ?? "", newest ?? ""), enabled: newest !== null });
  const judging = useQuery({ ...unregisteredVersionQuery(name ?? "", file ?? ""), enabled: file !== null });
  const base = file === null ? registered : judging;
  if (name !== null && !base.data && !base.error && !schema.error) return <Loading lines={10} />;
  return <Form start={JSON.stringify(base.data?.document ?? NEW, null, 2)} onClose={onClose} />;
}

function Form({ start, onClose }: { start: string; onClose: (registered?: Moved) => void }) {
  const [text, setText] = useState(start);
  const [state, setState] = useState("registered");
  const [why, setWhy] = useState("");
  const client = useQueryClient();
  const problem = syntaxProblem(text);
  const document = problem ? null : (JSON.parse(text) as { name?: string });
  const check = useMutation({ mutationFn: () => checkCompatibility(document?.name ?? "", document) });
  const send = useMutation({
    mutationFn: () => register(document, state, why),
    onSuccess: async (registered) => {
      await client.invalidateQueries({ queryKey: keys.schemas.all });
      onClose(registered);
    },
  });
  return (
    <Panel title="Register a version">
      <div className="space-y-3 p-3">
        <JsonEditor label="Schema document" value={text} onChange={setText} problems={problem ? [problem] : []} />
        <div className="flex flex-wrap items-end gap-2">
          <Field label="Begin as">
            {(id) => (
              <Select id={id} className="w-36" value={state} onChange={(event) => setState(event.target.value)}>
                <option>registered</option>
                <option>shadow</option>
                <option>enforced</option>
              </Select>
            )}
          </Field>
          <div className="min-w-60 flex-1">
            <Field label="Reason">{(id) => <Input id={id} value={why} maxLength={2000} onChange={(event) => setWhy(event.target.value)} />}</Field>
          </div>
          <Button onClick={() => onClose()}>Cancel</Button>
          <Button disabled={problem !== null || check.isPending} onClick={() => check.mutate()}>
            Check
          </Button>
          <Button kind="primary" disabled={problem !== null || send.isPending} onClick={() => send.mutate()}>
            Register
          </Button>
        </div>
      </div>
      {check.error && <Failed error={check.error} />}
      {send.error && <Failed error={send.error} />}
      {check.data && <VerdictView of={check.data} />}
    </Panel>
  );
}
