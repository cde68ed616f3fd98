"use client";

import { useEffect, useState } from "react";

const TYPING = "input, textarea, select, [contenteditable='true'], [role='dialog'], [role='menu']";

/** Call a handler for plain keys, unless somebody types or a dialog is open. */
export function useKeys(bindings: Record<string, (event: KeyboardEvent) => void>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target as HTMLElement | null;
      if (target?.closest(TYPING)) return;
      bindings[event.key]?.(event);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [bindings]);
}

/** Move a cursor over rows with j and k, open with enter. Returns the row's index, -1 for none. */
export function useRowKeys(length: number, open: (index: number) => void): number {
  const [at, setAt] = useState(-1);
  const current = Math.min(at, length - 1);
  const move = (by: number) => {
    const next = Math.max(0, Math.min(length - 1, current + by));
    setAt(length === 0 ? -1 : next);
    document.querySelector(`[data-row="${next}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: (event) => {
      if ((event.target as HTMLElement | null)?.closest("a, button")) return;
      if (current >= 0) open(current);
    },
  });
  return current;
}
