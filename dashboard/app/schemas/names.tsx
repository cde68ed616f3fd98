import { Badge, State } from "@/components/ui/badge";
import { Panel } from "@/components/ui/panel";
import type { SchemaSummary, UnregisteredSummary } from "@/lib/api/schemas";

export interface SchemaName {
  name: string;
  /** The version that judges, if any does. */
  judging: string | null;
  registered: boolean;
  /** Whether what judges is a file: no registered version is enforced. */
  file: boolean;
}

/** Names to choose from, in order: the registry's, and those that judge though nobody registered them. */
export function namesOf(registered: SchemaSummary[] = [], unregistered: UnregisteredSummary[] = []): SchemaName[] {
  const names = new Map<string, SchemaName>();
  // Versions ascend, so the last one that judges is the one that counts.
  for (const { name, version } of unregistered) names.set(name, { name, judging: version, registered: false, file: true });
  for (const { name, version, state } of registered) {
    const before = names.get(name) ?? { judging: null, file: false };
    names.set(name, { name, registered: true, ...(state === "enforced" ? { judging: version, file: false } : { judging: before.judging, file: before.file }) });
  }
  return [...names.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

export function Names({ of, selected, onOpen }: { of: SchemaName[]; selected: string | null; onOpen: (name: string) => void }) {
  if (of.length === 0) return null;
  return (
    <Panel title="Names" className="self-start">
      <ul className="p-1">
        {of.map(({ name, judging, file }) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={name === selected}
              onClick={() => onOpen(name)}
              className="flex w-full items-center justify-between gap-2 rounded px-2 py-1.5 text-left hover:bg-raised aria-pressed:bg-raised aria-pressed:font-medium"
            >
              <span className="truncate">{name}</span>
              <span className="flex shrink-0 items-center gap-1.5">
                {file && <Badge title="A file of the schema folder judges: the registry enforces no version.">file</Badge>}
                {judging ? <span className="tabular text-2xs text-muted">{judging}</span> : <State of="registered" />}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
