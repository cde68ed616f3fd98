"use client";

import * as Tabs from "@radix-ui/react-tabs";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { JsonView } from "@/components/json/json-view";
import { State } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Panel } from "@/components/ui/panel";
import { Loaded } from "@/components/ui/states";
import { versionQuery, type Moved, type SchemaVersion } from "@/lib/api/schemas";
import type { Json } from "@/lib/json/exact";
import { useCan } from "@/lib/session";

import { Backtest } from "./backtest";
import { Compare } from "./compare";
import { Healed } from "./healed";
import { MoveDialog, NEXT } from "./move-dialog";
import { Shadow } from "./shadow";

const TABS = [
  ["document", "Document"],
  ["compare", "Compare"],
  ["shadow", "Shadow report"],
  ["backtest", "Backtest"],
] as const;
const TAB = "border-b-2 border-transparent px-3 py-2 text-xs text-muted data-[state=active]:border-accent data-[state=active]:text-ink";

interface Props {
  name: string;
  version: string;
  versions: string[];
  /** Whether the open records that it accepts are asked for. */
  asked: boolean;
  onAsk: () => void;
  onMoved: (moved: Moved) => void;
}

export function VersionPanel({ name, version, versions, asked, onAsk, onMoved }: Props) {
  const shown = useQuery(versionQuery(name, version));
  return (
    <Panel title={`${name}@${version}`} aside={shown.data && <Moves of={shown.data} onMoved={onMoved} />}>
      {shown.data?.state === "enforced" && <Healed name={name} version={version} asked={asked} onAsk={onAsk} />}
      <Loaded query={shown} lines={8}>
        {(data) => (
          <Tabs.Root defaultValue={data.state === "shadow" ? "shadow" : "document"}>
            <Tabs.List aria-label="About this version" className="flex overflow-x-auto border-b border-line px-1">
              {TABS.map(([value, title]) => (
                <Tabs.Trigger key={value} value={value} className={TAB}>
                  {title}
                </Tabs.Trigger>
              ))}
            </Tabs.List>
            <Tabs.Content value="document">
              <JsonView value={data.document as Json} />
            </Tabs.Content>
            <Tabs.Content value="compare">
              <Compare name={name} version={data} versions={versions} />
            </Tabs.Content>
            <Tabs.Content value="shadow">
              <Shadow of={data} />
            </Tabs.Content>
            <Tabs.Content value="backtest">
              <Backtest name={name} version={version} />
            </Tabs.Content>
          </Tabs.Root>
        )}
      </Loaded>
    </Panel>
  );
}

function Moves({ of, onMoved }: { of: SchemaVersion; onMoved: (moved: Moved) => void }) {
  const [asked, setAsked] = useState<string | null>(null);
  const canWrite = useCan("write");
  return (
    <>
      <State of={of.state} />
      {canWrite &&
        (NEXT[of.state] ?? []).map((state) => (
          <Button key={state} onClick={() => setAsked(state)}>
            {state === "rollback" ? "Roll back" : `To ${state}`}
          </Button>
        ))}
      {asked && <MoveDialog name={of.name} version={of.version} from={of.state} to={asked} onMoved={onMoved} onClose={() => setAsked(null)} />}
    </>
  );
}
