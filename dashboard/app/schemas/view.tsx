"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { State } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { PageTitle, Panel } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { schemasQuery, type Moved, type SchemaSummary } from "@/lib/api/schemas";
import { useCan } from "@/lib/session";
import { useQueryState } from "@/lib/url";

import { RegisterForm } from "./register-form";
import { SchemaDetail } from "./schema-detail";

export function SchemasView() {
  const { params, set } = useQueryState();
  const [registering, setRegistering] = useState(false);
  const schemas = useQuery(schemasQuery());
  const canWrite = useCan("write");
  const name = params.get("name") ?? schemas.data?.items[0]?.name ?? null;
  // A version that judges from now on may accept what lies in quarantine.
  const show = (moved: Moved) => set({ name: moved.name, version: moved.version, healed: moved.healed_at ? "1" : null });
  const close = (registered?: Moved) => {
    setRegistering(false);
    if (registered) show(registered);
  };
  return (
    <>
      <PageTitle
        aside={
          canWrite && !registering ? (
            <Button kind="primary" onClick={() => setRegistering(true)}>
              Register a version
            </Button>
          ) : null
        }
      >
        Schemas
      </PageTitle>
      <Loaded query={schemas} lines={10}>
        {(data) => (
          <div className="grid gap-3 lg:grid-cols-[14rem_minmax(0,1fr)]">
            <Names of={data.items} selected={name} onOpen={(next) => set({ name: next, version: null, healed: null })} />
            <div className="min-w-0">
              {registering ? (
                <RegisterForm name={name} onClose={close} />
              ) : name ? (
                <SchemaDetail
                  key={name}
                  name={name}
                  version={params.get("version")}
                  asked={params.get("healed") === "1"}
                  onVersion={(version) => set({ name, version, healed: null })}
                  onAsk={(version) => set({ name, version, healed: "1" })}
                  onMoved={show}
                />
              ) : (
                <Panel>
                  <Empty title="No schema is registered">Schemas in the folder judge as they are. Register one here, or all of them: `dataquarantine schema sync`.</Empty>
                </Panel>
              )}
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}

function Names({ of, selected, onOpen }: { of: SchemaSummary[]; selected: string | null; onOpen: (name: string) => void }) {
  const names = [...new Set(of.map((each) => each.name))];
  if (names.length === 0) return null;
  return (
    <Panel title="Names" className="self-start">
      <ul className="p-1">
        {names.map((name) => {
          const judging = of.find((each) => each.name === name && each.state === "enforced");
          return (
            <li key={name}>
              <button
                type="button"
                aria-pressed={name === selected}
                onClick={() => onOpen(name)}
                className="flex w-full items-center justify-between gap-2 rounded px-2 py-1.5 text-left hover:bg-raised aria-pressed:bg-raised aria-pressed:font-medium"
              >
                <span className="truncate">{name}</span>
                {judging ? <span className="tabular text-2xs text-muted">{judging.version}</span> : <State of="registered" />}
              </button>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
