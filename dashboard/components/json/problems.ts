import type { Violation } from "@/lib/api/shapes";
import { JsonError, locate, parseExact } from "@/lib/json/exact";
import { nearest } from "@/lib/json/lines";

/** A stretch of text with what is wrong there. */
export interface Problem {
  from: number;
  to: number;
  message: string;
}

/** Find why a text is no JSON; null when it is. */
export function syntaxProblem(text: string): Problem | null {
  try {
    parseExact(text);
    return null;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return { from: error.at, to: Math.min(text.length, error.at + 1), message: error.message };
  }
}

/** Put violations at their values in the text; a missing field shows at the brace of its parent. */
export function problemsOf(text: string, violations: Violation[]): Problem[] {
  const places = locate(text);
  const known = new Set(places.keys());
  return violations.map((violation) => {
    const pointer = nearest(violation.instance_location ?? "", known);
    const [from, to] = places.get(pointer) ?? [0, 0];
    const whole = text[from] === "{" || text[from] === "[";
    return { from, to: whole ? from + 1 : to, message: violation.message ?? violation.code ?? "invalid" };
  });
}
