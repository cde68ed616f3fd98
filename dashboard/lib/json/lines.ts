import { escapeName, ExactNumber, type Json } from "./exact";

/** One line of a pretty-printed document, with the pointer of the value that starts on it. */
export interface Line {
  depth: number;
  pointer: string;
  name: string | null;
  text: string;
  kind: "open" | "close" | "string" | "number" | "word";
}

/** Lay a document out in lines, two spaces a level, as an editor would show it. */
export function layOut(value: Json, name: string | null = null, pointer = "", depth = 0, comma = ""): Line[] {
  const line = (kind: Line["kind"], text: string): Line => ({ depth, pointer, name, text: text + comma, kind });
  if (value instanceof ExactNumber) return [line("number", value.text)];
  if (value === null || typeof value === "boolean") return [line("word", String(value))];
  if (typeof value === "number") return [line("number", String(value))];
  if (typeof value === "string") return [line("string", JSON.stringify(value))];
  const list = Array.isArray(value);
  const members = Object.entries(value);
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  if (members.length === 0) return [line("open", open + close)];
  const inside = members.flatMap(([key, item], index) => {
    const last = index === members.length - 1;
    const below = `${pointer}/${escapeName(key)}`;
    return layOut(item, list ? null : key, below, depth + 1, last ? "" : ",");
  });
  const end: Line = { depth, pointer, name: null, text: close + comma, kind: "close" };
  return [{ ...line("open", open), text: open }, ...inside, end];
}

/** Find the deepest place that exists for a pointer: a missing field shows at its parent. */
export function nearest(pointer: string, known: ReadonlySet<string>): string {
  let place = pointer;
  while (place !== "" && !known.has(place)) place = place.slice(0, place.lastIndexOf("/"));
  return place;
}
