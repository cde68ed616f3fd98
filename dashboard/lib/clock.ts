"use client";

import { useSyncExternalStore } from "react";

let time = 0;
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick() {
  time = Date.now();
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) {
    time = Date.now();
    timer = setInterval(tick, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time in ms, renewed each second; one timer for the whole page. */
export const clock = { subscribe, now: () => (time === 0 ? (time = Date.now()) : time) };

/** Something that follows from the time; renders only when it is another value. `null` before the page is alive. */
export function useClock<T extends string | number | boolean>(read: (now: number) => T): T | null {
  return useSyncExternalStore(
    subscribe,
    () => read(clock.now()),
    () => null,
  );
}
