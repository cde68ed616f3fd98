"use client";

import { useQuery } from "@tanstack/react-query";

import { meQuery } from "@/lib/api/me";

/** What the signed-in actor may do; nothing until that is known. */
export function useCan(action: "write" | "unmask" | "tokens"): boolean {
  const me = useQuery(meQuery());
  return me.data?.can.includes(action) ?? false;
}
