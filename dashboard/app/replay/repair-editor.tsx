"use client";

import * as Tabs from "@radix-ui/react-tabs";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Loaded } from "@/components/ui/states";
import { payloadQuery, recordQuery } from "@/lib/api/quarantine";
import { repairs } from "@/lib/api/replays";
import { stringifyExact } from "@/lib/json/exact";

import { ExampleEditor } from "./example-editor";
import { StepsEditor } from "./steps-editor";

export interface Repair {
  kind: "none" | "edit" | "patch" | "recipe";
  /** JSON text as the API takes it. */
  text: string;
  summary: string;
  broken?: boolean;
}

const TABS = [
  ["edit", "Fix by example"],
  ["recipe", "Recipe"],
  ["patch", "JSON Patch"],
  ["none", "No change"],
] as const;
const TAB = "border-b-2 border-transparent px-3 py-2 text-xs text-muted data-[state=active]:border-accent data-[state=active]:text-ink";

interface Props {
  id: string;
  start: "edit" | "none";
  onRepair: (repair: Repair) => void;
}

export function RepairEditor({ id, start, onRepair }: Props) {
  const record = useQuery(recordQuery(id));
  const payload = useQuery(payloadQuery(id));
  const [tab, setTab] = useState<string>(start);
  const choose = (next: string) => {
    setTab(next);
    if (next === "none") onRepair({ kind: "none", text: repairs.none(), summary: "Replay without a change" });
  };
  return (
    <Tabs.Root value={tab} onValueChange={choose}>
      <Tabs.List aria-label="Kind of repair" className="flex border-b border-line px-1">
        {TABS.map(([value, name]) => (
          <Tabs.Trigger key={value} value={value} className={TAB}>
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="edit" className="p-3">
        <Loaded query={record}>
          {({ data }) => (
            <Loaded query={payload}>
              {(found) =>
                found.encoding === "json" ? (
                  <ExampleEditor key={id} record={data} original={stringifyExact(found.payload, 2)} masked={found.masked_paths} onRepair={onRepair} />
                ) : (
                  <p className="text-muted">The payload is no JSON ({found.encoding}); it can be replayed unchanged or discarded.</p>
                )
              }
            </Loaded>
          )}
        </Loaded>
      </Tabs.Content>
      <Tabs.Content value="recipe" className="p-3">
        <StepsEditor kind="recipe" onRepair={onRepair} />
      </Tabs.Content>
      <Tabs.Content value="patch" className="p-3">
        <StepsEditor kind="patch" onRepair={onRepair} />
      </Tabs.Content>
      <Tabs.Content value="none" className="p-3 text-muted">
        Send the records again as they are: right after a schema was corrected, or when the cause lay elsewhere.
      </Tabs.Content>
    </Tabs.Root>
  );
}
