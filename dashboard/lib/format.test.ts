import { expect, test } from "vitest";

import { ago, bytes, count, milliseconds, rate, seconds, share, short, UNKNOWN, waiting } from "./format";

test("unknown is said in words, never shown as 0", () => {
  const shown = [count, short, rate, share, milliseconds, bytes, seconds].map((format) => format(null));

  expect(new Set(shown)).toEqual(new Set([UNKNOWN]));
});

test.each([
  [0, null, "up to date"],
  [3, 1.4, "1.4 s ago"],
  [3, null, UNKNOWN],
  [null, null, UNKNOWN],
])("lag %s with a commit of %s s ago reads %s", (lag, age, text) => {
  expect(waiting(lag, age)).toBe(text);
});

test.each([
  [1, "100 %"],
  [0.99999, "99.99 %"],
  [0.9512, "95.1 %"],
  [0, "0 %"],
])("a share of %d reads %s: only a whole is 100", (value, text) => {
  expect(share(value)).toBe(text);
});

test.each([
  [0, "0"],
  [0.25, "0.3"],
  [123.4, "123"],
  [25_600, "25.6K"],
])("a rate of %d reads %s", (value, text) => {
  expect(rate(value)).toBe(text);
});

test("ages have one unit", () => {
  const now = Date.parse("2025-12-27T16:00:00Z");

  expect(ago("2025-12-27T15:59:57Z", now)).toBe("3 s ago");
  expect(ago("2025-12-27T13:00:00Z", now)).toBe("3 h ago");
  expect(ago(null, now)).toBe(UNKNOWN);
});
