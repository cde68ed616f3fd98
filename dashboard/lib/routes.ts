/** Every link of the dashboard is built here. */
type Query = Record<string, string | undefined>;

function to(path: string, query: Query = {}): string {
  const filled = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return filled.length === 0 ? path : `${path}?${new URLSearchParams(filled)}`;
}

export const routes = {
  overview: () => "/",
  quarantine: (query: Query = {}) => to("/quarantine/", query),
  incidents: (query: Query = {}) => to("/incidents/", query),
  replay: (query: Query = {}) => to("/replay/", query),
  schemas: (query: Query = {}) => to("/schemas/", query),
  topics: () => "/topics/",
  audit: () => "/audit/",
  tokens: () => "/tokens/",
  signIn: (next?: string) => to("/sign-in/", { next }),
};

/** Return the path to go to after signing in; only one of this site, never another's. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/";
}
