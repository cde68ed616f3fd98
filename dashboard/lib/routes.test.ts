import { expect, test } from "vitest";

import { routes, safeNext } from "./routes";
import { changed } from "./url";

test.each([
  ["/quarantine/?id=1", "/quarantine/?id=1"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  [null, "/"],
])("after signing in, %s leads to %s", (next, path) => {
  expect(safeNext(next)).toBe(path);
});

test("links leave out what is not set", () => {
  expect(routes.quarantine({ code: "WRONG_TYPE", schema: undefined })).toBe("/quarantine/?code=WRONG_TYPE");
});

test("a change keeps the other parameters and drops empty ones", () => {
  expect(changed("a=1&b=2", { b: "", c: "3" })).toBe("a=1&c=3");
});
