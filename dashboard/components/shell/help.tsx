"use client";

import { useRouter } from "next/navigation";
import { useEffect, useMemo, useState } from "react";

import { Dialog } from "@/components/ui/dialog";
import { useKeys } from "@/lib/keyboard";
import { routes } from "@/lib/routes";

const KEYS: [keys: string, meaning: string][] = [
  ["/", "Search"],
  ["j  k", "Next, previous row"],
  ["enter", "Open the row"],
  ["esc", "Close what is open"],
  ["1 … 7", "Go to a page, in the order of the menu"],
  ["?", "This help"],
];
const PAGES = [routes.overview, routes.quarantine, routes.incidents, routes.replay, routes.schemas, routes.topics, routes.audit];
const OPEN = "dq-help";

export function openHelp() {
  window.dispatchEvent(new Event(OPEN));
}

export function Help() {
  const [open, setOpen] = useState(false);
  const router = useRouter();
  useEffect(() => {
    const show = () => setOpen(true);
    window.addEventListener(OPEN, show);
    return () => window.removeEventListener(OPEN, show);
  }, []);
  useKeys(
    useMemo(
      () => ({
        "?": () => setOpen(true),
        "/": (event: KeyboardEvent) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("[data-search]")?.focus();
        },
        ...Object.fromEntries(PAGES.map((to, index) => [String(index + 1), () => router.push(to())])),
      }),
      [router],
    ),
  );
  return (
    <Dialog open={open} onClose={() => setOpen(false)} title="Keyboard">
      <dl className="grid grid-cols-[6rem_1fr] gap-y-1.5">
        {KEYS.map(([key, meaning]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-raised px-1.5 py-0.5 font-mono text-2xs whitespace-pre">{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
