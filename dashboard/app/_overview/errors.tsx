import Link from "next/link";
import { memo } from "react";

import { Donut, sliceColour } from "@/components/charts/donut";
import { Panel } from "@/components/ui/panel";
import { Empty } from "@/components/ui/states";
import type { Overview } from "@/lib/api/overview";
import { short, words } from "@/lib/format";
import { routes } from "@/lib/routes";

export const ErrorTypes = memo(function ErrorTypes({ of }: { of: Overview["error_types"] }) {
  const slices = of.map(({ error_type, count }) => ({ name: error_type, count }));
  return (
    <Panel title="Error types" aside="last hour" className="xl:col-span-4">
      {slices.length === 0 ? (
        <Empty title="Nothing failed">All records of the last hour passed.</Empty>
      ) : (
        <div className="flex flex-1 items-center gap-5 p-4">
          <Donut slices={slices} size={128} label="Records by error type" />
          <ul className="min-w-0 flex-1 space-y-1 text-xs">
            {slices.map((slice, index) => (
              <li key={slice.name}>
                <Link href={routes.quarantine({ error_type: slice.name })} prefetch={false} className="flex items-center gap-2 rounded px-1 hover:bg-raised">
                  <span className="size-2 shrink-0 rounded-sm" style={{ background: sliceColour(index) }} />
                  <span className="truncate">{words(slice.name)}</span>
                  <span className="tabular ml-auto text-muted">{short(slice.count)}</span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Panel>
  );
});

/** The ten codes seen most, as bars. */
export const Codes = memo(function Codes({ of }: { of: Overview["codes"] }) {
  const most = Math.max(1, ...of.map((code) => code.count));
  return (
    <Panel title="Codes" aside="last hour" className="xl:col-span-4">
      {of.length === 0 ? (
        <Empty title="No violations" />
      ) : (
        <ul className="space-y-0.5 p-2 text-xs">
          {of.map(({ code, count }) => (
            <li key={code}>
              <Link href={routes.quarantine({ code })} prefetch={false} className="relative flex h-6 items-center justify-between overflow-hidden rounded px-2 hover:bg-raised">
                <span className="absolute inset-y-0 left-0 rounded bg-invalid/15" style={{ width: `${(count / most) * 100}%` }} />
                <span className="relative truncate font-mono text-2xs">{code}</span>
                <span className="tabular relative text-muted">{short(count)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
});
