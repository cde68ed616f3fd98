"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Button } from "@/components/ui/button";
import { PageTitle, Panel } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { schemasQuery, unregisteredQuery, type Moved } from "@/lib/api/schemas";
import { useCan } from "@/lib/session";
import { useQueryState } from "@/lib/url";

import { Names, namesOf } from "./names";
import { RegisterForm } from "./register-form";
import { SchemaDetail } from "./schema-detail";
import { UnregisteredDetail } from "./unregistered";

export function SchemasView() {
  const { params, set } = useQueryState();
  const [registering, setRegistering] = useState(false);
  const schemas = useQuery(schemasQuery());
  const unregistered = useQuery(unregisteredQuery());
  const canWrite = useCan("write");
  const names = namesOf(schemas.data?.items, unregistered.data?.items);
  const name = params.get("name") ?? names[0]?.name ?? null;
  const shown = names.find((each) => each.name === name);
  const files = (unregistered.data?.items ?? []).filter((each) => each.name === name && shown?.file);
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
      <Loaded query={unregistered.data ? schemas : unregistered} lines={10}>
        {() => (
          <div className="grid gap-3 lg:grid-cols-[14rem_minmax(0,1fr)]">
            <Names of={names} selected={name} onOpen={(next) => set({ name: next, version: null, healed: null })} />
            <div className="min-w-0">
              {registering ? (
                <RegisterForm name={name} file={shown?.registered ? null : (files.at(-1)?.version ?? null)} onClose={close} />
              ) : shown?.registered === false ? (
                <UnregisteredDetail key={name} versions={files} version={params.get("version")} onVersion={(version) => set({ name, version, healed: null })} />
              ) : name ? (
                <SchemaDetail
                  key={name}
                  name={name}
                  version={params.get("version")}
                  file={files.at(-1)?.version ?? null}
                  asked={params.get("healed") === "1"}
                  onVersion={(version) => set({ name, version, healed: null })}
                  onAsk={(version) => set({ name, version, healed: "1" })}
                  onMoved={show}
                />
              ) : (
                <Panel>
                  <Empty title="There is no schema">Put a file into the schema folder, or register one here.</Empty>
                </Panel>
              )}
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}
