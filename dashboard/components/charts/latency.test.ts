import { expect, test } from "vitest";

import { COLUMNS, look, NOTHING, STEP_MS } from "./latency";

const latency = (...counts: number[]) => ({
  scope: "worker",
  buckets: counts.map((count, index) => ({ le_ms: index === counts.length - 1 ? null : index + 1, count })),
  p50_ms: 1,
  p95_ms: 1,
  p99_ms: 1,
});

test("a column is added once the newest is old enough", () => {
  const first = look(NOTHING, latency(1, 2), 1000);
  const soon = look(first, latency(3, 4), 1000 + STEP_MS - 1);
  const later = look(soon, latency(5, 6), 1000 + STEP_MS);

  expect(soon).toBe(first);
  expect(later.columns.map((column) => column.counts)).toEqual([[1, 2], [5, 6]]);
  expect(later.limits).toEqual([1, null]);
});

test("the heatmap keeps no more columns than it shows", () => {
  let history = NOTHING;
  for (let at = 0; at < 2 * COLUMNS; at += 1) history = look(history, latency(1), at * STEP_MS);

  expect(history.columns).toHaveLength(COLUMNS);
  expect(history.columns.at(-1)?.at).toBe((2 * COLUMNS - 1) * STEP_MS);
});

test("other buckets begin anew: a worker of another version answers", () => {
  const history = look(look(NOTHING, latency(1, 2), 0), latency(1, 2, 3), 1);

  expect(history.columns).toEqual([{ at: 1, counts: [1, 2, 3] }]);
});
