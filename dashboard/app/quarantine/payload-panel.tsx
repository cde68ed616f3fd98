"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { JsonView } from "@/components/json/json-view";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { Copy } from "@/components/ui/copy";
import { Panel } from "@/components/ui/panel";
import { Loaded } from "@/components/ui/states";
import { payloadQuery, type Payload } from "@/lib/api/quarantine";
import type { Violation } from "@/lib/api/shapes";
import { stringifyExact } from "@/lib/json/exact";
import { useCan } from "@/lib/session";

interface Props {
  id: string;
  violations: Violation[];
  active: number | null;
}

/** The original record; personal data is masked until somebody says why it must be seen. */
export function PayloadPanel({ id, violations, active }: Props) {
  const [why, setWhy] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const payload = useQuery(payloadQuery(id, why));
  const canUnmask = useCan("unmask");
  const masked = (payload.data?.masked_paths.length ?? 0) > 0;
  const aside = (
    <>
      {payload.data?.from && <span>from {payload.data.from}</span>}
      {canUnmask && masked && why === null && (
        <Button kind="quiet" onClick={() => setAsking(true)}>
          Show unmasked
        </Button>
      )}
      {payload.data && <Copy text={textOf(payload.data)} label="payload" />}
    </>
  );
  return (
    <Panel title="Original payload" aside={aside}>
      <Loaded query={payload} lines={8}>
        {(data) =>
          data.encoding === "json" ? (
            <JsonView value={data.payload} violations={violations} masked={why === null ? data.masked_paths : []} active={active} />
          ) : data.encoding === "empty" ? (
            <p className="p-3 text-muted">The record has no value (a tombstone).</p>
          ) : (
            <pre tabIndex={0} aria-label="Payload" className="max-h-[60vh] overflow-auto p-3 font-mono text-xs break-all whitespace-pre-wrap">
              {String(data.payload)}
            </pre>
          )
        }
      </Loaded>
      {asking && (
        <Confirm
          title="Show personal data?"
          description="Who looked, when and why is kept."
          action="Show"
          onClose={() => setAsking(false)}
          onConfirm={async (reason) => setWhy(reason)}
        />
      )}
    </Panel>
  );
}

function textOf(payload: Payload): string {
  return payload.encoding === "json" ? stringifyExact(payload.payload, 2) : String(payload.payload);
}
