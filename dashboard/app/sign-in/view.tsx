"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";

import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/field";
import { token } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import { meQuery } from "@/lib/api/me";
import { safeNext } from "@/lib/routes";

export function SignInView() {
  const [typed, setTyped] = useState("");
  const router = useRouter();
  const params = useSearchParams();
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: async () => {
      token.set(typed.trim());
      const me = await meQuery().queryFn({ signal: AbortSignal.timeout(10_000) });
      client.clear();
      client.setQueryData(keys.me, me);
    },
    onSuccess: () => router.replace(safeNext(params.get("next"))),
    onError: () => token.clear(),
  });
  return (
    <div className="flex min-h-dvh items-center justify-center p-4">
      <form
        className="rise w-80 space-y-4 rounded-xl border border-line bg-surface p-6 shadow-xl"
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <div className="flex items-center gap-2">
          <img src="/icon.svg" alt="" className="size-7" />
          <h1 className="text-base font-semibold tracking-tight">DataQuarantine</h1>
        </div>
        <Field label="Token" hint="From `dataquarantine token create`.">
          {(id) => <Input id={id} type="password" autoComplete="current-password" required autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />}
        </Field>
        {signIn.error && (
          <p role="alert" className="text-error">
            {signIn.error.message}
          </p>
        )}
        <Button type="submit" kind="primary" className="h-8 w-full" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in" : "Sign in"}
        </Button>
      </form>
    </div>
  );
}
