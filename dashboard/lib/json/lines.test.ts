import { expect, test } from "vitest";

import { parseExact } from "./exact";
import { layOut, nearest } from "./lines";

test("a document is laid out one value a line, each with its pointer", () => {
  const lines = layOut(parseExact('{"user":{"id":12345678901234567890},"tags":["a"]}'));

  expect(lines.map((line) => `${line.depth} ${line.pointer} ${line.text}`)).toEqual([
    "0  {",
    "1 /user {",
    "2 /user/id 12345678901234567890",
    "1 /user },",
    "1 /tags [",
    '2 /tags/0 "a"',
    "1 /tags ]",
    "0  }",
  ]);
});

test.each([
  ["/user/email", "/user"],
  ["/nothing/there", ""],
  ["/user", "/user"],
])("a violation at %s shows at %s", (pointer, place) => {
  expect(nearest(pointer, new Set(["", "/user", "/user/id"]))).toBe(place);
});
