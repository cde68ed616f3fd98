import { describe, expect, test } from "vitest";

import { ExactNumber, JsonError, locate, parseExact, stringifyExact } from "./exact";

describe("parseExact", () => {
  test.each([
    '{"a":[1,-2.5,true,null,"x\\n\\u00e9"],"":{}}',
    '{"id":12345678901234567890123,"price":1.10,"big":1E400}',
    '{"__proto__":{"x":1},"constructor":2}',
    "[]",
  ])("writes back what it read: %s", (text) => {
    expect(JSON.parse(stringifyExact(parseExact(text)).replaceAll("1E400", "1"))).toEqual(JSON.parse(text.replaceAll("1E400", "1")));
    expect(stringifyExact(parseExact(text))).toBe(text.replace("\\u00e9", "é"));
  });

  test("keeps numbers that a double can't hold", () => {
    expect(parseExact("9007199254740993")).toEqual(new ExactNumber("9007199254740993"));
    expect(parseExact("9007199254740992")).toBe(9007199254740992);
  });

  test.each([
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["[1 2]", 3],
    ["01", 1],
    ["", 0],
    ['"open', 0],
    ["NaN", 0],
  ])("says where %s breaks", (text, at) => {
    const failure = () => parseExact(text);

    expect(failure).toThrow(JsonError);
    expect(failure).toThrow(expect.objectContaining({ at }));
  });
});

test("locate finds values by pointer, names escaped", () => {
  const text = '{"a/b": [10, {"c~": "x"}]}';

  const [from, to] = locate(text).get("/a~1b/1/c~0") ?? [0, 0];

  expect(text.slice(from, to)).toBe('"x"');
});

test("stringifyExact indents as editors expect", () => {
  expect(stringifyExact(parseExact('{"a":[1,{}]}'), 2)).toBe('{\n  "a": [\n    1,\n    {}\n  ]\n}');
});
