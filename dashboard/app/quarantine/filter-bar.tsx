"use client";

import { useEffect, useState } from "react";

import { Button } from "@/components/ui/button";
import { Field, Input, Select } from "@/components/ui/field";
import type { Filters } from "@/lib/api/quarantine";
import { words } from "@/lib/format";

import { toInstant, toLocal } from "./search-params";

const STATUSES = ["quarantined", "stored", "in_review", "fixed", "replaying", "reprocessed", "failed_again", "parked", "discarded"];
const ERROR_TYPES = [
  "malformed_payload",
  "size_violation",
  "schema_missing",
  "schema_not_found",
  "schema_violation",
  "type_violation",
  "rule_violation",
  "remediation_error",
  "validator_error",
  "produce_error",
];

interface Props {
  filters: Filters;
  set: (changes: Record<string, string | null>) => void;
}

export function FilterBar({ filters, set }: Props) {
  return (
    <form role="search" aria-label="Filters" className="mb-3 flex flex-wrap items-end gap-2" onSubmit={(event) => event.preventDefault()}>
      <Typed label="Search" name="q" value={filters.q} set={set} search placeholder="message, field, id …" className="w-56" />
      <Choice label="Status" value={filters.status} options={STATUSES} onChange={(status) => set({ status })} />
      <Choice label="Error type" value={filters.error_type} options={ERROR_TYPES} onChange={(error_type) => set({ error_type })} />
      <Typed label="Schema" name="schema" value={filters.schema} set={set} className="w-32" />
      <Typed label="Code" name="code" value={filters.code} set={set} className="w-36" />
      <Typed label="Topic" name="topic" value={filters.topic} set={set} className="w-32" />
      <Instant label="From" value={filters.from} onChange={(from) => set({ from })} />
      <Instant label="To" value={filters.to} onChange={(to) => set({ to })} />
      {filters.incident && (
        <Button onClick={() => set({ incident: null })} title={filters.incident}>
          one incident ✕
        </Button>
      )}
      {Object.keys(filters).length > 0 && (
        <Button kind="quiet" onClick={() => set(Object.fromEntries(Object.keys(filters).map((name) => [name, null])))}>
          Clear
        </Button>
      )}
    </form>
  );
}

interface TypedProps {
  label: string;
  name: string;
  value: string | undefined;
  set: Props["set"];
  search?: boolean;
  placeholder?: string;
  className: string;
}

/** A text filter; it reaches the address when typing pauses. */
function Typed({ label, name, value = "", set, search, placeholder, className }: TypedProps) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (value !== known) {
    setKnown(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => set({ [name]: typed }), 300);
    return () => clearTimeout(timer);
  }, [typed, value, name, set]);
  return (
    <Field label={label}>
      {(id) => (
        <Input id={id} type="search" data-search={search || undefined} placeholder={placeholder} className={className} value={typed} onChange={(event) => setTyped(event.target.value)} />
      )}
    </Field>
  );
}

function Choice({ label, value = "", options, onChange }: { label: string; value: string | undefined; options: string[]; onChange: (value: string) => void }) {
  return (
    <Field label={label}>
      {(id) => (
        <Select id={id} className="w-36" value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">any</option>
          {options.map((option) => (
            <option key={option} value={option}>
              {words(option)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function Instant({ label, value, onChange }: { label: string; value: string | undefined; onChange: (value: string) => void }) {
  return (
    <Field label={label}>{(id) => <Input id={id} type="datetime-local" className="w-44" value={toLocal(value)} onChange={(event) => onChange(toInstant(event.target.value))} />}</Field>
  );
}
