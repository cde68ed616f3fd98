// Weigh what the overview loads first: every script of its page, gzipped. Fails above the budget.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 250;
const out = join(import.meta.dirname, "..", "out");
const page = readFileSync(join(out, "index.html"), "utf8");
const scripts = [...page.matchAll(/<script\b[^>]*>/g)]
  .map(([tag]) => tag)
  .filter((tag) => !/nomodule/i.test(tag))
  .map((tag) => /src="([^"]+)"/.exec(tag)?.[1])
  .filter(Boolean);
const sizes = [...new Set(scripts)].map((src) => gzipSync(readFileSync(join(out, src))).length);
const total = sizes.reduce((sum, size) => sum + size, 0) / 1000;

console.log(`first-load JS of the overview: ${total.toFixed(0)} kB gzipped in ${sizes.length} files (budget ${BUDGET_KB} kB)`);
if (total > BUDGET_KB) process.exit(1);
