/** JSON without loss: numbers that a double can't hold stay as they were written. */

export class ExactNumber {
  constructor(readonly text: string) {}
}

export type Json = null | boolean | number | string | ExactNumber | Json[] | { [key: string]: Json };
type Visit = (pointer: string, from: number, to: number) => void;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORDS: Record<string, null | boolean> = { null: null, true: true, false: false };

export class JsonError extends Error {
  constructor(
    readonly at: number,
    expected: string,
  ) {
    super(`expected ${expected} at character ${at + 1}`);
  }
}

/** Parse a text; throws JsonError with the place. `visit` is told where each value stands. */
export function parseExact(text: string, visit?: Visit): Json {
  const reader = new Reader(text, visit);
  return reader.document();
}

class Reader {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly visit?: Visit,
  ) {}

  document(): Json {
    const value = this.value("");
    this.space();
    if (this.at < this.text.length) throw new JsonError(this.at, "the end");
    return value;
  }

  private value(pointer: string): Json {
    this.space();
    const from = this.at;
    const value = this.anything(pointer);
    this.visit?.(pointer, from, this.at);
    return value;
  }

  private anything(pointer: string): Json {
    const first = this.text[this.at];
    if (first === "{") return this.object(pointer);
    if (first === "[") return this.array(pointer);
    if (first === '"') return this.string();
    for (const [word, value] of Object.entries(WORDS)) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  private object(pointer: string): Json {
    const found: Record<string, Json> = Object.create(null) as Record<string, Json>;
    this.at += 1;
    if (this.took("}")) return found;
    do {
      this.space();
      if (this.text[this.at] !== '"') throw new JsonError(this.at, "a name in quotes");
      const name = this.string();
      if (!this.took(":")) throw new JsonError(this.at, "a colon");
      found[name] = this.value(`${pointer}/${escapeName(name)}`);
    } while (this.took(","));
    if (!this.took("}")) throw new JsonError(this.at, "a comma or }");
    return found;
  }

  private array(pointer: string): Json {
    const found: Json[] = [];
    this.at += 1;
    if (this.took("]")) return found;
    do found.push(this.value(`${pointer}/${found.length}`));
    while (this.took(","));
    if (!this.took("]")) throw new JsonError(this.at, "a comma or ]");
    return found;
  }

  private string(): string {
    return JSON.parse(this.match(STRING, "a string")) as string;
  }

  private number(): number | ExactNumber {
    const text = this.match(NUMBER, "a value");
    const value = Number(text);
    return String(value) === text ? value : new ExactNumber(text);
  }

  private match(pattern: RegExp, expected: string): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) throw new JsonError(this.at, expected);
    this.at += found[0].length;
    return found[0];
  }

  private took(character: string): boolean {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private space(): void {
    while (" \t\r\n".includes(this.text[this.at] ?? "x")) this.at += 1;
  }
}

/** Escape a member's name for a JSON Pointer (RFC 6901). */
export function escapeName(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Write a value; the counterpart of parseExact. */
export function stringifyExact(value: Json, indent = 0, depth = 0): string {
  if (value instanceof ExactNumber) return value.text;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = indent > 0 ? `\n${" ".repeat(indent * (depth + 1))}` : "";
  const end = indent > 0 ? `\n${" ".repeat(indent * depth)}` : "";
  if (Array.isArray(value)) {
    const items = value.map((item) => inner + stringifyExact(item, indent, depth + 1));
    return items.length === 0 ? "[]" : `[${items.join(",")}${end}]`;
  }
  const colon = indent > 0 ? ": " : ":";
  const members = Object.entries(value).map(
    ([name, item]) => inner + JSON.stringify(name) + colon + stringifyExact(item, indent, depth + 1),
  );
  return members.length === 0 ? "{}" : `{${members.join(",")}${end}}`;
}

/** Find where each value of a text stands, by JSON Pointer; empty when it is no JSON. */
export function locate(text: string): Map<string, [from: number, to: number]> {
  const places = new Map<string, [number, number]>();
  try {
    parseExact(text, (pointer, from, to) => places.set(pointer, [from, to]));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return new Map();
  }
  return places;
}
