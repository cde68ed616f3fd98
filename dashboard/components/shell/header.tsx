"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";

import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { token } from "@/lib/api/client";
import { meQuery } from "@/lib/api/me";
import { useNow } from "@/lib/clock";
import { ago } from "@/lib/format";
import { isStale, useLive } from "@/lib/live";
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
  const live = useLive();
  const now = useNow();
  const stale = isStale(live, now);
  const at = live.receivedAt === null ? null : new Date(live.receivedAt).toISOString();
  const [tone, text] =
    live.connection === "live" && !stale
      ? (["bg-valid text-valid", "Live"] as const)
      : live.receivedAt === null && live.connection === "connecting"
        ? (["bg-muted text-muted", "Connecting"] as const)
        : (["bg-invalid text-invalid", at ? `Stale: figures of ${ago(at, now)}, reconnecting` : `Not live: ${live.error ?? "reconnecting"}`] as const);
  const [dot, words] = tone.split(" ");
  return (
    <p role="status" data-testid="live" className={`flex min-w-0 items-center gap-2 text-xs ${words}`}>
      <span className={`size-2 shrink-0 rounded-full ${dot} ${text === "Live" ? "breathe" : ""}`} />
      <span className="truncate">{text}</span>
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
