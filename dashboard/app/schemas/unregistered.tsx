"use client";

import { useQuery } from "@tanstack/react-query";

import { JsonView } from "@/components/json/json-view";
import { Badge } from "@/components/ui/badge";
import { Panel } from "@/components/ui/panel";
import { Loaded } from "@/components/ui/states";
import { unregisteredVersionQuery, type UnregisteredSummary } from "@/lib/api/schemas";
import type { Json } from "@/lib/json/exact";
import { count, UNKNOWN } from "@/lib/format";

interface Props {
  /** Of one name, ascending. */
  versions: UnregisteredSummary[];
  version: string | null;
  onVersion: (version: string) => void;
}

/** A schema that judges as it lies in the folder: there is a document, but no life to tell of. */
export function UnregisteredDetail({ versions, version, onVersion }: Props) {
  const shown = versions.find((each) => each.version === version) ?? versions.at(-1);
  if (!shown) return null;
  return (
    <Panel title={`${shown.name}@${shown.version}`} aside={<Badge title="The registry does not know it.">file</Badge>}>
      <p className="border-b border-line/60 px-3 py-2 text-muted">
        It judges as it lies in the schema folder, until a version of its name is enforced. The registry adds states, a history and a check of each new
        version: register it here, or the whole folder by `dataquarantine schema sync`.
      </p>
      <p className="border-b border-line/60 px-3 py-2">
        {shown.description || "No description"}
        <span className="block text-2xs text-muted">
          {shown.type ?? UNKNOWN} · owner {shown.owner || UNKNOWN} · examples: {count(shown.examples)} good, {count(shown.counter_examples)} bad
        </span>
      </p>
      {versions.length > 1 && (
        <div role="group" aria-label="Versions" className="flex flex-wrap gap-1 border-b border-line/60 p-2">
          {versions.map((each) => (
            <button
              key={each.version}
              type="button"
              aria-pressed={each === shown}
              onClick={() => onVersion(each.version)}
              className="tabular rounded px-2 py-0.5 text-xs text-muted hover:bg-raised aria-pressed:bg-raised aria-pressed:text-ink"
            >
              {each.version}
            </button>
          ))}
        </div>
      )}
      <Document key={shown.version} name={shown.name} version={shown.version} />
    </Panel>
  );
}

function Document({ name, version }: { name: string; version: string }) {
  const query = useQuery(unregisteredVersionQuery(name, version));
  return (
    <Loaded query={query} lines={8}>
      {(data) => <JsonView value={data.document as Json} />}
    </Loaded>
  );
}
