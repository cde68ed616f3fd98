"use client";

import { useQuery } from "@tanstack/react-query";
import { usePathname, useRouter } from "next/navigation";
import { useEffect, type ReactNode } from "react";

import { Failed } from "@/components/ui/states";
import { ApiError } from "@/lib/api/client";
import { meQuery } from "@/lib/api/me";
import { useLiveConnection } from "@/lib/live";
import { routes } from "@/lib/routes";

import { Header } from "./header";
import { Help } from "./help";
import { Nav } from "./nav";

export function Shell({ children }: { children: ReactNode }) {
  const path = usePathname();
  const signIn = path.startsWith(routes.signIn());
  const me = useQuery({ ...meQuery(), enabled: !signIn });
  const refused = me.error instanceof ApiError && me.error.status === 401;
  useLiveConnection(!signIn && me.data !== undefined);
  useSignInWhen(refused && !signIn);
  if (signIn) return <main className="min-h-dvh">{children}</main>;
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[11.5rem_minmax(0,1fr)]">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:z-50 focus:m-2 focus:rounded focus:bg-surface focus:p-2">
        To the content
      </a>
      <Nav />
      <div className="flex min-w-0 flex-col">
        <Header />
        <main id="main" className="min-w-0 flex-1 p-3 lg:p-4">
          {me.error && !refused && me.data === undefined ? (
            <Failed error={me.error} retry={() => void me.refetch()} />
          ) : (
            children
          )}
        </main>
      </div>
      <Help />
    </div>
  );
}

function useSignInWhen(needed: boolean) {
  const router = useRouter();
  useEffect(() => {
    if (needed) router.replace(routes.signIn(window.location.pathname + window.location.search));
  }, [needed, router]);
}
