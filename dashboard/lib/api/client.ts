import { parseExact } from "@/lib/json/exact";

const TOKEN = "dq.token";
const BASE = "/api/v1";

/** The gateway refused or could not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly details: unknown = null,
  ) {
    super(message);
  }
}

export const token = {
  get: () => (typeof window === "undefined" ? null : window.localStorage.getItem(TOKEN)),
  set: (value: string) => window.localStorage.setItem(TOKEN, value),
  clear: () => window.localStorage.removeItem(TOKEN),
};

/** What parses an answer: any zod schema fits. */
export interface Shape<T> {
  parse: (value: unknown) => T;
}

export interface Ask {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  query?: Record<string, string | number | boolean | null | undefined>;
  /** Sent as JSON; a string goes out as it is (JSON already written without loss). */
  body?: unknown;
  ifMatch?: string | null;
  signal?: AbortSignal;
  /** Keep numbers that a double can't hold. */
  exact?: boolean;
}

/** Where nobody needs a token, the audit log names this program. */
const NAMELESS = `Basic ${btoa("dashboard:")}`;

export function authorization(): Record<string, string> {
  const known = token.get();
  return { Authorization: known ? `Bearer ${known}` : NAMELESS };
}

/** Ask the gateway and parse its answer. Raises ApiError, also when nobody answers. */
export async function request<T>(path: string, shape: Shape<T>, ask: Ask = {}): Promise<T> {
  return (await tagged(path, shape, ask)).data;
}

/** As `request`, with the answer's ETag. */
export async function tagged<T>(path: string, shape: Shape<T>, ask: Ask = {}): Promise<{ data: T; etag: string | null }> {
  const response = await send(path, ask);
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
  const data = understood(shape, text === "" ? null : ask.exact ? parseExact(text) : JSON.parse(text));
  return { data, etag: response.headers.get("ETag") };
}

async function send(path: string, ask: Ask): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...authorization() };
  if (ask.body !== undefined) headers["Content-Type"] = "application/json";
  if (ask.ifMatch) headers["If-Match"] = ask.ifMatch;
  const body = ask.body === undefined || typeof ask.body === "string" ? ask.body : JSON.stringify(ask.body);
  try {
    return await fetch(BASE + path + queryOf(ask.query), { method: ask.method ?? "GET", headers, body, signal: ask.signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, 0, "the gateway does not answer");
  }
}

export function queryOf(query: Ask["query"] = {}): string {
  const filled = Object.entries(query).filter(([, value]) => value != null && value !== "");
  if (filled.length === 0) return "";
  return `?${new URLSearchParams(filled.map(([name, value]) => [name, String(value)]))}`;
}

function refusal(status: number, text: string): ApiError {
  try {
    const body = JSON.parse(text) as { error_code?: number; message?: string; details?: unknown };
    return new ApiError(status, body.error_code ?? status, body.message ?? `status ${status}`, body.details);
  } catch {
    return new ApiError(status, status, `the gateway answered with status ${status}`);
  }
}

function understood<T>(shape: Shape<T>, value: unknown): T {
  try {
    return shape.parse(value);
  } catch (error) {
    throw new ApiError(200, 0, `the gateway's answer has another shape than expected: ${(error as Error).message.slice(0, 300)}`);
  }
}
