/** Query keys, one factory for all resources: invalidating a prefix refreshes what lies below it. */
type Filters = Record<string, string | undefined>;

export const keys = {
  me: ["me"] as const,
  overview: ["overview"] as const,
  topics: ["topics"] as const,
  breakers: ["breakers"] as const,
  quarantine: {
    all: ["quarantine"] as const,
    list: (filters: Filters) => ["quarantine", "list", filters] as const,
    counts: (by: string, filters: Filters) => ["quarantine", "counts", by, filters] as const,
    record: (id: string) => ["quarantine", "record", id] as const,
    payload: (id: string, unmasked: boolean) => ["quarantine", "payload", id, unmasked] as const,
  },
  incidents: {
    all: ["incidents"] as const,
    list: (filters: Filters) => ["incidents", "list", filters] as const,
    one: (fingerprint: string) => ["incidents", "one", fingerprint] as const,
  },
  replays: {
    all: ["replays"] as const,
    list: ["replays", "list"] as const,
    one: (id: string) => ["replays", "one", id] as const,
  },
  schemas: {
    all: ["schemas"] as const,
    list: ["schemas", "list"] as const,
    unregistered: ["schemas", "unregistered"] as const,
    unregisteredVersion: (name: string, version: string) => ["schemas", "unregistered", name, version] as const,
    one: (name: string) => ["schemas", "one", name] as const,
    version: (name: string, version: string) => ["schemas", "version", name, version] as const,
    healed: (name: string, version: string) => ["healed", name, version] as const,
    history: (name: string) => ["schemas", "history", name] as const,
  },
  tokens: ["tokens"] as const,
  audit: {
    report: ["audit", "report"] as const,
    log: (filters: Filters) => ["audit", "log", filters] as const,
  },
};
