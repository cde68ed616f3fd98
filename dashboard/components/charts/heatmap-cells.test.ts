import { expect, test } from "vitest";

import { cellAt, cellsOf, left, shadeOf } from "./heatmap-cells";
import { COLUMNS, type History } from "./latency";

const HISTORY: History = {
  limits: [5, 10, null],
  columns: [
    { at: 1000, counts: [1, 0, 4] },
    { at: 6000, counts: [0, 2, 0] },
  ],
};
const CELLS = cellsOf(3, 652, 316); // a column each 10 pixels, a row each 100 or so

test("the newest column ends at the right edge, the fastest row lies at the bottom", () => {
  expect(left(CELLS, HISTORY, 1)).toBe(642);
  expect(CELLS.top(0)).toBeGreaterThan(CELLS.top(1));
  expect(CELLS.top(0) + CELLS.rowHeight).toBeLessThan(300);
});

test("a point tells its cell, and nothing where no column is yet", () => {
  const y = CELLS.top(1) + 3;

  expect(cellAt(CELLS, HISTORY, 645, y)).toEqual({ at: 6000, count: 2, above: 5, upTo: 10 });
  expect(cellAt(CELLS, HISTORY, 635, CELLS.top(2) + 1)).toEqual({ at: 1000, count: 4, above: 10, upTo: null });
  expect(cellAt(CELLS, HISTORY, 625, y)).toBeNull();
  expect(cellAt(CELLS, { ...HISTORY, columns: [] }, 645, y)).toBeNull();
  expect(HISTORY.columns.length).toBeLessThan(COLUMNS);
});

test("the most frequent cell is the strongest, a rare one still shows", () => {
  const shade = shadeOf(HISTORY.columns);

  expect(shade(4)).toBe(1);
  expect(shade(1)).toBeGreaterThan(0.3);
});
