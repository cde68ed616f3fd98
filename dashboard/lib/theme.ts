"use client";

import { useSyncExternalStore } from "react";

export type Theme = "dark" | "light";
const KEY = "dq.theme";

/** Runs before the first paint, so that no theme flashes. */
export const THEME_SCRIPT = `try{var t=localStorage.getItem("${KEY}")}catch(e){}document.documentElement.dataset.theme=t||(matchMedia("(prefers-color-scheme: light)").matches?"light":"dark")`;

const listeners = new Set<() => void>();

export function setTheme(theme: Theme) {
  document.documentElement.dataset.theme = theme;
  window.localStorage.setItem(KEY, theme);
  listeners.forEach((listener) => listener());
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => (listeners.add(listener), () => listeners.delete(listener)),
    () => (document.documentElement.dataset.theme === "light" ? "light" : "dark"),
    () => "dark",
  );
}
