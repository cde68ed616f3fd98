import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { ApiError } from "@/lib/api/client";

import { Loaded } from "./states";

afterEach(cleanup);

const query = { data: undefined, error: null, isPending: true, refetch: vi.fn() };

test("an error says what happened and can be tried again", () => {
  render(
    <Loaded query={{ ...query, error: new ApiError(503, 50301, "postgres is unavailable") }}>{() => "data"}</Loaded>,
  );

  fireEvent.click(screen.getByRole("button", { name: "Try again" }));

  expect(screen.getByRole("alert").textContent).toContain("postgres is unavailable");
  expect(query.refetch).toHaveBeenCalledOnce();
});

test("known data stays on screen while it is renewed", () => {
  render(<Loaded query={{ ...query, data: 1, error: new Error("later") }}>{(data) => <p>{`data ${data}`}</p>}</Loaded>);

  expect(screen.getByText("data 1")).toBeTruthy();
});
