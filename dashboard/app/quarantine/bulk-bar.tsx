"use client";

import { useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";

import { Button, buttonClass } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { keys } from "@/lib/api/keys";
import { discard, type Filters } from "@/lib/api/quarantine";
import { count } from "@/lib/format";
import { routes } from "@/lib/routes";

interface Props {
  picked: ReadonlySet<string>;
  filters: Filters;
  clear: () => void;
}

/** What can be done with the selected records. */
export function BulkBar({ picked, filters, clear }: Props) {
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const ids = [...picked];
  const filtered = Object.keys(filters).length > 0;
  if (ids.length === 0) {
    return filtered ? (
      <div className="mb-3 flex justify-end">
        <Link href={routes.replay({ ...filters })} prefetch={false} className={buttonClass()}>
          Fix & replay all that match
        </Link>
      </div>
    ) : null;
  }
  return (
    <div className="glass rise sticky top-12 z-10 mb-3 flex flex-wrap items-center gap-2 rounded-lg border border-accent/40 px-3 py-1.5">
      <span className="tabular font-medium">{count(ids.length)} selected</span>
      <Link href={routes.replay({ ids: ids.join(",") })} prefetch={false} className={buttonClass("primary")}>
        Fix & replay
      </Link>
      <Button kind="danger" onClick={() => setAsking(true)}>
        Discard
      </Button>
      <Button kind="quiet" onClick={clear}>
        Clear selection
      </Button>
      {asking && (
        <Confirm
          title={`Discard ${count(ids.length)} ${ids.length === 1 ? "record" : "records"}?`}
          description="They stay stored and can be found, but nobody is asked to repair them any more."
          action={`Discard ${count(ids.length)}`}
          danger
          onClose={() => setAsking(false)}
          onConfirm={async (why) => {
            await discard({ ids }, why);
            clear();
            await client.invalidateQueries({ queryKey: keys.quarantine.all });
          }}
        />
      )}
    </div>
  );
}
