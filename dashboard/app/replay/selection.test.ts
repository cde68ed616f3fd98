import { expect, test } from "vitest";

import { readSelection } from "./selection";

test.each([
  ["ids=a,b", { ids: ["a", "b"] }],
  ["incident=f1", { incident: "f1" }],
  ["incident=f1&status=parked", { filters: { incident: "f1", status: "parked" } }],
  ["code=WRONG_TYPE&job=1", { filters: { code: "WRONG_TYPE" } }],
  ["job=1", null],
])("%s selects %o", (query, selection) => {
  expect(readSelection(new URLSearchParams(query))).toEqual(selection);
});
