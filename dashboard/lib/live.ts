"use client";

import { replaceEqualDeep } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { ApiError } from "@/lib/api/client";
import { overview, type Overview } from "@/lib/api/overview";
import { readEvents } from "@/lib/api/sse";
import { clock } from "@/lib/clock";

export type Connection = "connecting" | "live" | "lost";

export interface Live {
  overview: Overview | null;
  /** When the newest event arrived, by this machine's clock. */
  receivedAt: number | null;
  connection: Connection;
  error: string | null;
}

const EMPTY: Live = { overview: null, receivedAt: null, connection: "connecting", error: null };
/** Older than this and figures are marked as stale. */
export const STALE_AFTER_MS = 5000;
/** A stream that is silent for so long is dead, whatever the network says. */
const SILENT_AFTER_MS = 15_000;
const LONGEST_WAIT_MS = 8000;

let state: Live = EMPTY;
const listeners = new Set<() => void>();

function update(changes: Partial<Live>) {
  state = { ...state, ...changes };
  listeners.forEach((listener) => listener());
}

/** Wait before trying again: doubling, a little random so that tabs don't come together. */
export function backoff(attempt: number, random = Math.random()): number {
  return Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt) * (0.75 + random / 2);
}

async function follow(signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const before = state.receivedAt;
    try {
      await readOnce(signal);
      update({ connection: "lost", error: "the gateway ended the live stream" });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 401) return update({ connection: "lost", error: "sign in" });
      update({ connection: "lost", error: error instanceof ApiError ? error.message : "the gateway does not answer" });
    }
    if (state.receivedAt !== before) attempt = 0;
    await pause(backoff(attempt), signal);
  }
}

async function readOnce(signal: AbortSignal): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENT_AFTER_MS);
  try {
    await readEvents(
      "/live",
      (event) => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENT_AFTER_MS);
        if (event.name !== "overview") return;
        // What is equal stays the same object, so that only what changed is drawn.
        const shown = replaceEqualDeep(state.overview, overview.parse(JSON.parse(event.data)));
        update({ overview: shown, receivedAt: Date.now(), connection: "live", error: null });
      },
      AbortSignal.any([signal, silence.signal]),
    );
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** Keep the live stream open while the page is visible; a hidden tab costs nothing. */
export function useLiveConnection(wanted: boolean) {
  useEffect(() => {
    if (!wanted) return;
    let controller: AbortController | null = null;
    const adjust = () => {
      if (document.hidden) {
        controller?.abort();
        controller = null;
      } else if (controller === null) {
        controller = new AbortController();
        void follow(controller.signal);
      }
    };
    adjust();
    document.addEventListener("visibilitychange", adjust);
    return () => {
      document.removeEventListener("visibilitychange", adjust);
      controller?.abort();
    };
  }, [wanted]);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Read a part of the live state; renders only when that part is another one. */
export function useLive<T>(select: (live: Live) => T): T {
  return useSyncExternalStore(
    subscribe,
    () => select(state),
    () => select(EMPTY),
  );
}

/** Tell whether the newest figures are too old to be taken for the present ones. */
export function useIsStale(): boolean {
  return useSyncExternalStore(
    subscribeWithClock,
    () => isStale(state, clock.now()),
    () => false,
  );
}

function subscribeWithClock(listener: () => void) {
  const ends = [subscribe(listener), clock.subscribe(listener)];
  return () => ends.forEach((end) => end());
}

export function isStale(live: Live, now: number): boolean {
  return live.receivedAt !== null && now - live.receivedAt > STALE_AFTER_MS;
}
