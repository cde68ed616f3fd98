"use client";

import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";

import { syntaxProblem } from "@/components/json/problems";
import { keys } from "@/lib/api/keys";
import { validate } from "@/lib/api/schemas";

/** Have a text judged as it is typed, once typing pauses; nothing is asked for broken JSON. */
export function useJudgement(schema: string | null | undefined, text: string) {
  const settled = useSettled(useDeferredValue(text), 250);
  const broken = syntaxProblem(settled) !== null;
  return useQuery({
    queryKey: [...keys.schemas.all, "judgement", schema, settled],
    queryFn: ({ signal }) => validate(schema ?? "", null, settled, signal),
    enabled: Boolean(schema) && !broken,
    placeholderData: (before) => before,
    staleTime: 60_000,
    gcTime: 10_000,
    retry: false,
  });
}

function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
