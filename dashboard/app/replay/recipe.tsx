import type { Derived } from "@/lib/api/replays";
import { stringifyExact, type Json } from "@/lib/json/exact";

/** What an edit means for the other records, in words and as steps. */
export function Recipe({ of }: { of: Derived }) {
  const steps = (of.recipe ?? of.patch) as Json[];
  return (
    <section aria-label="Derived recipe" className="space-y-2 p-3">
      <h3 className="text-xs font-semibold">{of.recipe ? "Derived recipe" : "No general recipe: the edit as a patch"}</h3>
      <ol className="space-y-2">
        {steps.map((step, index) => (
          <li key={index}>
            {of.explanation[index] && <p>{of.explanation[index]}</p>}
            <code className="block overflow-x-auto rounded bg-raised px-2 py-1 font-mono text-2xs">{stringifyExact(step)}</code>
          </li>
        ))}
      </ol>
      <p className="text-2xs text-muted">It is applied to the whole selection. The dry run shows on how many it works.</p>
    </section>
  );
}
