"use client";

import { useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";

import { Button, buttonClass } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { authorization } from "@/lib/api/client";
import { moveIncident, type IncidentDetail } from "@/lib/api/incidents";
import { keys } from "@/lib/api/keys";
import { routes } from "@/lib/routes";

const MOVES = { resolved: "Resolve", archived: "Archive", ongoing: "Reopen" } as const;
type Move = keyof typeof MOVES;

export function IncidentActions({ incident, etag }: { incident: IncidentDetail; etag: string | null }) {
  const [asked, setAsked] = useState<Move | null>(null);
  const client = useQueryClient();
  const settled = incident.state === "resolved" || incident.state === "archived";
  const moves: Move[] = settled ? ["ongoing"] : ["resolved", "archived"];
  return (
    <>
      <Button onClick={() => void exportRecords(incident.fingerprint)} title="One JSON object a line, for the producer's team">
        Export
      </Button>
      {moves.map((move) => (
        <Button key={move} onClick={() => setAsked(move)}>
          {MOVES[move]}
        </Button>
      ))}
      <Link href={routes.replay({ incident: incident.fingerprint })} prefetch={false} className={buttonClass("primary")}>
        Fix & replay
      </Link>
      {asked && (
        <Confirm
          title={`${MOVES[asked]} this incident?`}
          action={MOVES[asked]}
          onClose={() => setAsked(null)}
          onConfirm={async (why) => {
            await moveIncident(incident.fingerprint, asked, why, etag);
            await client.invalidateQueries({ queryKey: keys.incidents.all });
          }}
        />
      )}
    </>
  );
}

/** Download with the token; a plain link could not send it. */
async function exportRecords(fingerprint: string) {
  const response = await fetch(`/api/v1/incidents/${encodeURIComponent(fingerprint)}/export`, { headers: authorization() });
  if (!response.ok) return;
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement("a"), { href: url, download: `incident-${fingerprint.slice(0, 12)}.ndjson` });
  link.click();
  URL.revokeObjectURL(url);
}
