"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Confirm } from "@/components/ui/confirm";
import { Check } from "@/components/ui/field";
import { keys } from "@/lib/api/keys";
import { resetBreaker } from "@/lib/api/topics";

export function ResetDialog({ topic, onClose }: { topic: string; onClose: () => void }) {
  const [admit, setAdmit] = useState(false);
  const client = useQueryClient();
  return (
    <Confirm
      title={`Reset the breaker of ${topic}?`}
      description="A few records go through on trial; if they pass, the source opens."
      action="Reset"
      onClose={onClose}
      onConfirm={async (why) => {
        await resetBreaker(topic, { why, admit_backlog: admit, rate_per_s: null });
        await client.invalidateQueries({ queryKey: keys.breakers });
      }}
    >
      <Check label="Let the bad backlog into quarantine" checked={admit} onChange={(event) => setAdmit(event.target.checked)} />
    </Confirm>
  );
}
