export type Views = Record<string, string>;
const KEY = "dq.views";

/** Read the saved views; what somebody else wrote there counts as none. */
export function loadViews(): Views {
  try {
    const found: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? "{}");
    if (found === null || typeof found !== "object") return {};
    return Object.fromEntries(Object.entries(found).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
  } catch {
    return {};
  }
}

export function storeViews(views: Views) {
  window.localStorage.setItem(KEY, JSON.stringify(views));
}
