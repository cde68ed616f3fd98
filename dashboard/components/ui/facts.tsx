import type { ReactNode } from "react";

import { UNKNOWN } from "@/lib/format";

/** Name and value pairs in two columns. */
export function Facts({ of }: { of: [name: string, value: ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1 p-3 text-xs">
      {of.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="tabular min-w-0 break-words">{value ?? UNKNOWN}</dd>
        </div>
      ))}
    </dl>
  );
}
