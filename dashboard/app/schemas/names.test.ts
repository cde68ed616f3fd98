import { expect, test } from "vitest";

import type { SchemaSummary, UnregisteredSummary } from "@/lib/api/schemas";

import { namesOf } from "./names";

const registered = (name: string, version: string, state: string) => ({ name, version, state }) as SchemaSummary;
const file = (name: string, version: string) => ({ name, version }) as UnregisteredSummary;

test("files that judge stand among the registered names, each with the version that judges", () => {
  const names = namesOf(
    [registered("order", "1.0.0", "enforced"), registered("order", "1.1.0", "shadow"), registered("parcel", "1.0.0", "registered")],
    [file("click", "1.0.0"), file("click", "1.2.0")],
  );

  expect(names).toEqual([
    { name: "click", judging: "1.2.0", registered: false, file: true },
    { name: "order", judging: "1.0.0", registered: true, file: false },
    { name: "parcel", judging: null, registered: true, file: false },
  ]);
});

test("a file judges on while its name is registered, until a version is enforced", () => {
  const judging = (state: string) => namesOf([registered("order", "1.1.0", state)], [file("order", "1.0.0")]);

  expect(judging("registered")).toEqual([{ name: "order", judging: "1.0.0", registered: true, file: true }]);
  expect(judging("enforced")).toEqual([{ name: "order", judging: "1.1.0", registered: true, file: false }]);
});
