import { Facts } from "@/components/ui/facts";
import { Empty } from "@/components/ui/states";
import type { SchemaVersion } from "@/lib/api/schemas";
import { count, share, UNKNOWN, words } from "@/lib/format";
import { JsonView } from "@/components/json/json-view";
import type { Json } from "@/lib/json/exact";

/** How a version on trial judged live traffic beside the enforced one. */
export function Shadow({ of }: { of: SchemaVersion }) {
  if (!of.shadow) {
    return <Empty title="No shadow figures">Move the version to shadow: it then judges live traffic and routes nothing.</Empty>;
  }
  const figures = Object.entries(of.shadow).filter(([, value]) => typeof value === "number");
  const rest = Object.fromEntries(Object.entries(of.shadow).filter(([, value]) => value !== null && typeof value === "object"));
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <Facts of={[["sampling", share(of.sampling)], ...figures.map(([name, value]): [string, string] => [words(name), count(value as number)]), ["since", of.since ?? UNKNOWN]]} />
      <JsonView value={rest as Json} />
    </div>
  );
}
