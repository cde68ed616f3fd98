import * as z from "zod/mini";
import { afterEach, expect, test, vi } from "vitest";

import { ApiError, queryOf, request, token } from "./client";

const SHAPE = z.object({ a: z.number() });

function answer(status: number, body: string) {
  const fetch = vi.fn(() => Promise.resolve(new Response(body, { status })));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

afterEach(() => {
  vi.unstubAllGlobals();
  token.clear();
});

test("the token goes along and the answer is parsed", async () => {
  const fetch = answer(200, '{"a":1,"more":2}');
  token.set("secret");

  expect(await request("/x", SHAPE, { query: { q: "ä b", none: null } })).toEqual({ a: 1 });
  expect(fetch).toHaveBeenCalledWith("/api/v1/x?q=%C3%A4+b", expect.objectContaining({ headers: expect.objectContaining({ Authorization: "Bearer secret" }) }));
});

test("a refusal carries the gateway's code and words", async () => {
  answer(409, '{"error_code":40904,"message":"it is parked","details":{}}');

  await expect(request("/x", SHAPE)).rejects.toMatchObject({ status: 409, code: 40904, message: "it is parked" });
});

test.each([
  [502, "<html>bad gateway</html>"],
  [200, '{"a":"text"}'],
])("status %d with an unexpected body is an error of ours", async (status, body) => {
  answer(status, body);

  await expect(request("/x", SHAPE)).rejects.toBeInstanceOf(ApiError);
});

test("empty filters leave the query", () => {
  expect(queryOf({ a: "", b: undefined, c: 0 })).toBe("?c=0");
});
