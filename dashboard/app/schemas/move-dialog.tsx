"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Confirm } from "@/components/ui/confirm";
import { Check } from "@/components/ui/field";
import { keys } from "@/lib/api/keys";
import { moveVersion, rollBack, type Moved } from "@/lib/api/schemas";

/** Where a version may go next. */
export const NEXT: Record<string, string[]> = {
  registered: ["shadow", "enforced"],
  shadow: ["enforced", "registered"],
  enforced: ["deprecated", "rollback"],
  deprecated: ["enforced", "retired"],
};

interface Props {
  name: string;
  version: string;
  from: string;
  to: string;
  onMoved: (moved: Moved) => void;
  onClose: () => void;
}

export function MoveDialog({ name, version, from, to, onMoved, onClose }: Props) {
  const [force, setForce] = useState(false);
  const client = useQueryClient();
  const back = to === "rollback";
  const leaves = from === "enforced" && !back;
  return (
    <Confirm
      title={back ? `Roll ${name} back?` : `Move ${name}@${version} to ${to}?`}
      description={back ? "The version that was enforced before judges again." : "Every worker follows within a second."}
      action={back ? "Roll back" : `Move to ${to}`}
      danger={back}
      onClose={onClose}
      onConfirm={async (why) => {
        const moved = await (back ? rollBack(name, why) : moveVersion(name, version, to, why, force));
        await client.invalidateQueries({ queryKey: keys.schemas.all });
        onMoved(moved);
      }}
    >
      {leaves && <Check label="Also if no version is left that judges" checked={force} onChange={(event) => setForce(event.target.checked)} />}
    </Confirm>
  );
}
