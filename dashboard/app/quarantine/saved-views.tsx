"use client";

import { useState } from "react";

import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input, Select } from "@/components/ui/field";
import { FILTERS } from "@/lib/api/quarantine";

import { loadViews, storeViews, type Views } from "./views-store";

interface Props {
  query: string;
  onOpen: (changes: Record<string, string | null>) => void;
}

/** Named filters, kept in this browser. */
export function SavedViews({ query, onOpen }: Props) {
  const [views, setViews] = useState<Views | null>(null);
  const [naming, setNaming] = useState(false);
  const known = views ?? {};
  const keep = (next: Views) => {
    storeViews(next);
    setViews(next);
  };
  const open = (name: string) => {
    const wanted = new URLSearchParams(known[name]);
    onOpen(Object.fromEntries(FILTERS.map((filter) => [filter, wanted.get(filter)])));
  };
  return (
    <>
      <Select aria-label="Saved views" className="w-40" value="" onFocus={() => setViews(loadViews())} onMouseDown={() => setViews(loadViews())} onChange={(event) => open(event.target.value)}>
        <option value="">Saved views</option>
        {Object.keys(known).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <Button onClick={() => setNaming(true)}>Save view</Button>
      {naming && (
        <NameDialog
          taken={Object.keys(views ?? loadViews())}
          onClose={() => setNaming(false)}
          onSave={(name) => keep({ ...loadViews(), [name]: query })}
          onRemove={(name) => keep(Object.fromEntries(Object.entries(loadViews()).filter(([each]) => each !== name)))}
        />
      )}
    </>
  );
}

interface NameProps {
  taken: string[];
  onClose: () => void;
  onSave: (name: string) => void;
  onRemove: (name: string) => void;
}

function NameDialog({ taken, onClose, onSave, onRemove }: NameProps) {
  const [name, setName] = useState("");
  return (
    <Dialog open onClose={onClose} title="Save these filters" description="Kept in this browser; the address can be sent to anybody.">
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          onSave(name.trim());
          onClose();
        }}
      >
        <div className="flex-1">
          <Field label="Name">{(id) => <Input id={id} required maxLength={60} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
        </div>
        <Button type="submit" kind="primary">
          Save
        </Button>
      </form>
      <ul className="mt-3 space-y-1">
        {taken.map((each) => (
          <li key={each} className="flex items-center justify-between">
            {each}
            <Button kind="quiet" aria-label={`Remove ${each}`} onClick={() => onRemove(each)}>
              Remove
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
