"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";

import { Button, buttonClass } from "@/components/ui/button";
import { healedQuery } from "@/lib/api/schemas";
import { count } from "@/lib/format";
import { routes } from "@/lib/routes";
import { useCan } from "@/lib/session";

interface Props {
  name: string;
  version: string;
  asked: boolean;
  onAsk: () => void;
}

/** How many open records the version that judges now accepts, and the way to their replay. */
export function Healed({ name, version, asked, onAsk }: Props) {
  const healed = useQuery({ ...healedQuery(name, version), enabled: asked });
  const again = () => void healed.refetch();
  return (
    <div role="status" aria-label="Open records" className="flex min-h-10 flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
      {!asked ? (
        <>
          <span className="text-muted">Records that an earlier version refused may pass by this one.</span>
          <Button onClick={onAsk}>Count them</Button>
        </>
      ) : healed.isFetching ? (
        <span className="breathe text-muted">Judging the open records of {name} by {version}</span>
      ) : healed.data ? (
        <Found name={name} version={version} open={healed.data.open_records} passing={healed.data.would_pass} again={again} />
      ) : (
        <>
          <span className="text-error">{healed.error?.message}</span>
          <Button onClick={again}>Try again</Button>
        </>
      )}
    </div>
  );
}

function Found({ name, version, open, passing, again }: { name: string; version: string; open: number; passing: number; again: () => void }) {
  const canWrite = useCan("write");
  return (
    <>
      <span>
        <strong className={`tabular font-semibold ${passing ? "text-valid" : ""}`}>{count(passing)}</strong> of {count(open)} open records would now pass.
      </span>
      {passing > 0 && canWrite && (
        <Link href={routes.replay({ schema: name, pin: `${name}@${version}` })} prefetch={false} className={buttonClass("primary")}>
          Replay them
        </Link>
      )}
      <Button kind="quiet" onClick={again}>
        Count again
      </Button>
    </>
  );
}
