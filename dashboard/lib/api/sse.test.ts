import { expect, test } from "vitest";

import { EventCutter } from "./sse";

test("events come out whole, wherever the stream was cut", () => {
  const stream = 'retry: 1000\n\nevent: overview\ndata: {"a":\ndata: 1}\n\n: still here\n\ndata: x\n\n';
  const cutter = new EventCutter();

  const events = [...stream].flatMap((character) => cutter.push(character));

  expect(events).toEqual([
    { name: "overview", data: '{"a":\n1}' },
    { name: "message", data: "x" },
  ]);
});
