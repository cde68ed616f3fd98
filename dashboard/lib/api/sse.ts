import { ApiError, authorization } from "./client";

export interface ServerEvent {
  name: string;
  data: string;
}

/** Cut a stream of server-sent events into events; a chunk may end anywhere. */
export class EventCutter {
  private rest = "";

  push(text: string): ServerEvent[] {
    const blocks = (this.rest + text).replaceAll("\r\n", "\n").split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.map(readBlock).filter((event) => event.data !== "");
  }
}

function readBlock(block: string): ServerEvent {
  const event: ServerEvent = { name: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, field, value] = /^(\w*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "event") event.name = value ?? "";
    if (field === "data") event.data += (event.data === "" ? "" : "\n") + (value ?? "");
  }
  return event;
}

/** Read events until the stream ends; EventSource could not send the token along. */
export async function readEvents(path: string, onEvent: (event: ServerEvent) => void, signal: AbortSignal): Promise<void> {
  const response = await fetch(`/api/v1${path}`, {
    headers: { Accept: "text/event-stream", ...authorization() },
    cache: "no-store",
    signal,
  });
  if (!response.ok || response.body === null) {
    throw new ApiError(response.status, response.status, `the live stream answered with status ${response.status}`);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const cutter = new EventCutter();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    cutter.push(value).forEach(onEvent);
  }
}
