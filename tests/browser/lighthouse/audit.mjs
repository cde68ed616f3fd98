// Rates the accessibility of pages: node audit.mjs CHROMIUM URL...
// Prints JSON: {url: {"score": 0..1, "failed": [titles of what takes points off]}}.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const [chromePath, ...urls] = process.argv.slice(2);
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--window-size=1280,900"];
const QUIET_MS = 500;
const settings = {
  onlyCategories: ["accessibility"],
  formFactor: "desktop",
  screenEmulation: { disabled: true },
  throttlingMethod: "provided",
  pauseAfterFcpMs: QUIET_MS,
  pauseAfterLoadMs: QUIET_MS,
  networkQuietThresholdMs: QUIET_MS,
  cpuQuietThresholdMs: QUIET_MS,
  maxWaitForLoad: 10_000,
  blockedUrlPatterns: ["*/api/v1/live"], // never ends, so the page would never count as loaded
  logLevel: "error",
};

const chrome = await launch({ chromePath, chromeFlags: FLAGS, ignoreDefaultFlags: false });
try {
  const found = {};
  for (const url of urls) found[url] = rated((await lighthouse(url, { ...settings, port: chrome.port })).lhr);
  console.log(JSON.stringify(found));
} finally {
  chrome.kill();
}

function rated(report) {
  if (report.runtimeError) throw new Error(`${report.requestedUrl}: ${report.runtimeError.message}`);
  const { score, auditRefs } = report.categories.accessibility;
  const failed = auditRefs.filter((ref) => ref.weight > 0).map((ref) => report.audits[ref.id]).filter((audit) => audit.score !== null && audit.score < 1);
  return { score, failed: failed.map((audit) => audit.title) };
}
