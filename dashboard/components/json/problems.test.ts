import { expect, test } from "vitest";

import type { Violation } from "@/lib/api/shapes";

import { problemsOf, syntaxProblem } from "./problems";

const violation = (instance_location: string): Violation => ({
  code: "WRONG_TYPE",
  keyword: "type",
  message: "wrong",
  field_path: null,
  instance_location,
  keyword_location: null,
  rule: null,
  severity: "error",
});

test("a violation is underlined at its value", () => {
  const text = '{"user": {"age": "x"}}';

  const [problem] = problemsOf(text, [violation("/user/age")]);

  expect(text.slice(problem?.from, problem?.to)).toBe('"x"');
});

test("a missing field shows at the brace of its parent", () => {
  const [problem] = problemsOf('{"user": {}}', [violation("/user/age")]);

  expect([problem?.from, problem?.to]).toEqual([9, 10]);
});

test("broken JSON has one problem at its place", () => {
  expect(syntaxProblem('{"a": }')).toMatchObject({ from: 6, to: 7 });
  expect(syntaxProblem("{}")).toBeNull();
});
