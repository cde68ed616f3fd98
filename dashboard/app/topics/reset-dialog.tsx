"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Confirm } from "@/components/ui/confirm";
import { Check, Field, Input } from "@/components/ui/field";
import { keys } from "@/lib/api/keys";
import { resetBreaker } from "@/lib/api/topics";

export function ResetDialog({ topic, onClose }: { topic: string; onClose: () => void }) {
  const [admit, setAdmit] = useState(false);
  const [rate, setRate] = useState("");
  const client = useQueryClient();
  return (
    <Confirm
      title={`Reset the breaker of ${topic}?`}
      description="A few records go through on trial; if they pass, the source opens."
      action="Reset"
      onClose={onClose}
      onConfirm={async (why) => {
        await resetBreaker(topic, { why, admit_backlog: admit, rate_per_s: admit && Number(rate) > 0 ? Number(rate) : null });
        await client.invalidateQueries({ queryKey: keys.breakers });
      }}
    >
      <Check label="Let the bad backlog into quarantine" checked={admit} onChange={(event) => setAdmit(event.target.checked)} />
      {admit && (
        <Field label="Records a second at most" hint="Over all workers; empty: as fast as they go.">
          {(id) => <Input id={id} type="number" min={1} value={rate} onChange={(event) => setRate(event.target.value)} />}
        </Field>
      )}
    </Confirm>
  );
}
