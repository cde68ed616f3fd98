"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Button } from "@/components/ui/button";
import { Field, Input, Select } from "@/components/ui/field";
import { Panel } from "@/components/ui/panel";
import { token } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import { createToken, ROLES, type Made, type Role } from "@/lib/api/tokens";

import { MadeDialog } from "./made-dialog";

const MAY: Record<Role, string> = {
  viewer: "Reads; personal data is masked.",
  operator: "Also reviews, replays, resets breakers and proposes schemas.",
  admin: "Also sees payloads unmasked and manages tokens.",
};

/** Make a token. The first one is an admin's: from then on nobody gets in without. */
export function CreateForm({ first }: { first: boolean }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(first ? "admin" : "viewer");
  const [why, setWhy] = useState("");
  const [made, setMade] = useState<(Made & { first: boolean }) | null>(null);
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => createToken(name.trim(), role, why.trim()),
    onSuccess: (answer) => {
      if (first) token.set(answer.token); // at once: without it this page could ask for nothing more
      setMade({ ...answer, first });
      setName("");
      setRole("viewer");
      setWhy("");
      void client.invalidateQueries({ queryKey: keys.tokens });
      void client.invalidateQueries({ queryKey: keys.me });
    },
  });
  return (
    <Panel title="Make a token">
      <form
        className="flex flex-wrap items-start gap-2 p-3"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <div className="w-52">
          <Field label="Name" hint="It stands in the audit log for who did what.">
            {(id) => <Input id={id} required pattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,63}" title="Letters, digits, dot, underscore and dash; 64 at most" autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
        </div>
        <div className="w-52">
          <Field label="Role" hint={MAY[role]}>
            {(id) => (
              <Select id={id} value={role} disabled={first} onChange={(event) => setRole(event.target.value as Role)}>
                {ROLES.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <div className="min-w-52 flex-1">
          <Field label="Reason">{(id) => <Input id={id} maxLength={2000} value={why} onChange={(event) => setWhy(event.target.value)} />}</Field>
        </div>
        <Button type="submit" kind="primary" className="mt-[1.4rem]" disabled={make.isPending || name.trim() === ""}>
          {make.isPending ? "Working" : "Make a token"}
        </Button>
      </form>
      {first && <p className="border-t border-line px-3 py-2 text-invalid">The first token is an admin&apos;s. From then on everybody needs one, on this machine too.</p>}
      {make.error && (
        <p role="alert" className="px-3 pb-3 text-error">
          {make.error.message}
        </p>
      )}
      {made && <MadeDialog made={made} first={made.first} onClose={() => setMade(null)} />}
    </Panel>
  );
}
