"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

import { Icon, type IconName } from "@/components/ui/icon";
import { short } from "@/lib/format";
import { useLive } from "@/lib/live";
import { routes } from "@/lib/routes";
import { useCan } from "@/lib/session";

const PLACES: [name: string, href: string, icon: IconName][] = [
  ["Overview", routes.overview(), "overview"],
  ["Quarantine", routes.quarantine(), "quarantine"],
  ["Incidents", routes.incidents(), "incidents"],
  ["Fix & replay", routes.replay(), "replay"],
  ["Schemas", routes.schemas(), "schemas"],
  ["Topics & breakers", routes.topics(), "topics"],
  ["Audit", routes.audit(), "audit"],
];
const FOR_ADMINS: typeof PLACES = [["API tokens", routes.tokens(), "tokens"]];

export function Nav() {
  const path = usePathname();
  const places = useCan("tokens") ? [...PLACES, ...FOR_ADMINS] : PLACES;
  const badges: Record<string, number | null | undefined> = {
    Incidents: useLive((live) => live.overview?.open_incidents),
    Quarantine: useLive((live) => live.overview?.open_records),
  };
  return (
    <nav aria-label="Pages" className="glass sticky top-0 z-30 border-b border-line lg:h-dvh lg:border-r lg:border-b-0">
      <div className="hidden items-center gap-2 px-4 pt-4 pb-5 lg:flex">
        <img src="/icon.svg" alt="" className="size-6" />
        <span className="text-sm font-semibold tracking-tight">DataQuarantine</span>
      </div>
      <ul className="flex gap-0.5 overflow-x-auto p-1.5 lg:flex-col lg:px-2">
        {places.map(([name, href, icon]) => (
          <li key={name} className="shrink-0">
            <Link
              href={href}
              prefetch={false}
              aria-current={path === href ? "page" : undefined}
              className="flex h-8 items-center gap-2.5 rounded-md px-2.5 text-muted transition-colors hover:bg-raised hover:text-ink aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              <Icon name={icon} />
              <span>{name}</span>
              {Boolean(badges[name]) && (
                <span className="tabular ml-auto rounded bg-invalid/15 px-1.5 text-2xs text-invalid">{short(badges[name])}</span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
