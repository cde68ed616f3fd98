import { expect, test } from "vitest";

import { parseExact } from "@/lib/json/exact";

import { repairs } from "./replays";

test("an edit keeps its numbers on the way out", () => {
  expect(repairs.edit("a", '{"n": 12345678901234567890}')).toBe('{"kind":"edit","edits":{"a":{"n": 12345678901234567890}}}');
});

test("a recipe keeps its numbers on the way out", () => {
  expect(repairs.recipe(parseExact('[{"set":{"/n":1.10}}]'))).toBe('{"kind":"recipe","steps":[{"set":{"/n":1.10}}]}');
});
