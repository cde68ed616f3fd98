"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { token } from "@/lib/api/client";
import { meQuery } from "@/lib/api/me";
import { useClock } from "@/lib/clock";
import { ago } from "@/lib/format";
import { useIsStale, useLive } from "@/lib/live";
import { routes } from "@/lib/routes";
import { setTheme, useTheme } from "@/lib/theme";

import { openHelp } from "./help";

export function Header() {
  return (
    <header className="glass flex h-11 items-center justify-between gap-2 border-b border-line px-3 lg:sticky lg:top-0 lg:z-20 lg:px-4">
      <LiveMark />
      <div className="flex items-center gap-1">
        <Actor />
        <ThemeSwitch />
        <Button kind="quiet" aria-label="Keyboard help" title="Keyboard help (?)" className="px-1.5" onClick={openHelp}>
          <Icon name="help" />
        </Button>
      </div>
    </header>
  );
}

/** Says whether the figures on the page are of this second, and of when otherwise. */
function LiveMark() {
  const connection = useLive((live) => live.connection);
  const waits = useLive((live) => live.receivedAt === null);
  const stale = useIsStale();
  if (connection === "live" && !stale) return <Mark dot="bg-valid" words="text-valid">Live</Mark>;
  if (waits && connection === "connecting") return <Mark dot="bg-muted breathe" words="text-muted">Connecting</Mark>;
  return (
    <Mark dot="bg-invalid" words="text-invalid">
      <Lost />
    </Mark>
  );
}

function Lost() {
  const receivedAt = useLive((live) => live.receivedAt);
  const error = useLive((live) => live.error);
  const at = receivedAt === null ? null : new Date(receivedAt).toISOString();
  const age = useClock((now) => ago(at, now));
  return at ? `Stale: figures of ${age ?? at}, reconnecting` : `Not live: ${error ?? "reconnecting"}`;
}

/** The dot is still while all is well: one that moves forever has the page drawn sixty times a second. */
function Mark({ dot, words, children }: { dot: string; words: string; children: ReactNode }) {
  return (
    <p role="status" data-testid="live" className={`flex min-w-0 items-center gap-2 text-xs ${words}`}>
      <span className={`size-2 shrink-0 rounded-full ${dot}`} />
      <span className="truncate">{children}</span>
    </p>
  );
}

function Actor() {
  const me = useQuery(meQuery());
  const router = useRouter();
  if (me.data === undefined) return null;
  return (
    <span className="flex items-center gap-1.5 pr-1 text-xs text-muted">
      <Icon name="user" />
      <span title={`May: ${me.data.can.join(", ")}`}>
        <span className="text-ink">{me.data.actor}</span> · {me.data.role}
      </span>
      {me.data.auth_required && (
        <Button
          kind="quiet"
          onClick={() => {
            token.clear();
            router.replace(routes.signIn());
          }}
        >
          Sign out
        </Button>
      )}
    </span>
  );
}

function ThemeSwitch() {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <Button kind="quiet" className="px-1.5" aria-label={`Use the ${other} theme`} title={`Use the ${other} theme`} onClick={() => setTheme(other)}>
      <Icon name={theme === "dark" ? "sun" : "moon"} />
    </Button>
  );
}
