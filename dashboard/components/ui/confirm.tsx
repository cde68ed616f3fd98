"use client";

import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Button } from "./button";
import { Dialog } from "./dialog";
import { Field, TextArea } from "./field";

interface Props {
  title: ReactNode;
  description?: ReactNode;
  action: string;
  danger?: boolean;
  /** What the reason says before anybody types. */
  reason?: string;
  onConfirm: (why: string) => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
}

/** Ask before something is written; the reason goes to the audit log. */
export function Confirm({ title, description, action, danger, reason = "", onConfirm, onClose, children }: Props) {
  const [why, setWhy] = useState(reason);
  const run = useMutation({ mutationFn: () => onConfirm(why.trim()), onSuccess: onClose });
  return (
    <Dialog open onClose={onClose} title={title} description={description}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          run.mutate();
        }}
      >
        {children}
        <Field label="Reason" hint="Kept in the audit log beside your name.">
          {(id) => <TextArea id={id} rows={2} required maxLength={2000} value={why} onChange={(event) => setWhy(event.target.value)} />}
        </Field>
        {run.error && (
          <p role="alert" className="text-error">
            {run.error.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} disabled={run.isPending || why.trim() === ""}>
            {run.isPending ? "Working" : action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
