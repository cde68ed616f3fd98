"use client";

import { useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";

import { Button, buttonClass } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { keys } from "@/lib/api/keys";
import { changeStatus, REPLAYABLE, type QuarantineRecord } from "@/lib/api/quarantine";
import { words } from "@/lib/format";
import { routes } from "@/lib/routes";

/** Moves that a person makes; the others happen by replay. */
const BY_HAND: Record<string, string> = { in_review: "Take into review", fixed: "Mark as fixed", parked: "Park", discarded: "Discard" };

export function RecordActions({ record, etag }: { record: QuarantineRecord; etag: string | null }) {
  const [asked, setAsked] = useState<string | null>(null);
  const client = useQueryClient();
  const moves = Object.keys(BY_HAND).filter((state) => record.allowed_states.includes(state));
  return (
    <div className="ml-auto flex flex-wrap gap-2">
      {moves.map((state) => (
        <Button key={state} kind={state === "discarded" ? "danger" : "plain"} onClick={() => setAsked(state)}>
          {BY_HAND[state]}
        </Button>
      ))}
      {REPLAYABLE.has(record.status) && (
        <Link href={routes.replay({ ids: record.id })} prefetch={false} className={buttonClass("primary")}>
          Fix & replay
        </Link>
      )}
      {asked && (
        <Confirm
          title={`${BY_HAND[asked]}: this record`}
          description={`Its status becomes “${words(asked)}”.`}
          action={BY_HAND[asked] ?? ""}
          danger={asked === "discarded"}
          onClose={() => setAsked(null)}
          onConfirm={async (why) => {
            await changeStatus(record.id, asked, why, etag);
            await client.invalidateQueries({ queryKey: keys.quarantine.all });
          }}
        />
      )}
    </div>
  );
}
