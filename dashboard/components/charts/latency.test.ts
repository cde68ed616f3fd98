import { expect, test } from "vitest";

import { look, NOTHING, perBucket } from "./latency";

const latency = (...counts: number[]) => ({
  scope: "worker",
  buckets: counts.map((count, index) => ({ le_ms: index === counts.length - 1 ? null : index + 1, count })),
  p50_ms: 1,
  p95_ms: 1,
  p99_ms: 1,
});

test("cumulative buckets become each bucket's own count", () => {
  expect(perBucket([3, 5, 5, 9])).toEqual([3, 2, 0, 4]);
});

test("a column holds what came between two looks", () => {
  const first = look(NOTHING, latency(1, 2, 2), 1000);
  const second = look(first, latency(4, 6, 6), 2000);

  expect(second.columns).toEqual([{ at: 2000, counts: [3, 1, 0] }]);
});

test("a worker that started again counts from 0, not below", () => {
  const first = look(NOTHING, latency(100, 200), 1000);
  const second = look(first, latency(1, 1), 2000);

  expect(second.columns[0]?.counts).toEqual([0, 0]);
});
