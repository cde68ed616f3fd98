"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { State } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Panel } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { Time } from "@/components/ui/time";
import { breakersQuery } from "@/lib/api/topics";
import { useCan } from "@/lib/session";

import { ResetDialog } from "./reset-dialog";

export function Breakers() {
  const breakers = useQuery(breakersQuery());
  const canWrite = useCan("write");
  const [resetting, setResetting] = useState<string | null>(null);
  return (
    <Panel title="Breakers" aside="close a source that delivers mostly bad records">
      <Loaded query={breakers} lines={2}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No breaker">A breaker exists per source topic once a worker runs.</Empty>
          ) : (
            <ul className="divide-y divide-line/60">
              {data.items.map((breaker) => (
                <li key={breaker.topic} className="flex min-h-10 flex-wrap items-center gap-3 px-3 py-1.5">
                  <State of={breaker.state} />
                  <span className="font-medium">{breaker.topic}</span>
                  <span className="text-muted">
                    {breaker.reason} {breaker.reason && "· "}
                    {breaker.since && <Time at={breaker.since} />}
                  </span>
                  {canWrite && breaker.state !== "closed" && (
                    <Button kind="primary" className="ml-auto" onClick={() => setResetting(breaker.topic)}>
                      Reset
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {resetting && <ResetDialog topic={resetting} onClose={() => setResetting(null)} />}
    </Panel>
  );
}
