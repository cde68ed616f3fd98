import { Badge, State } from "@/components/ui/badge";
import { Panel } from "@/components/ui/panel";
import { Table, type Column } from "@/components/ui/table";
import type { Topic } from "@/lib/api/topics";
import { count, UNKNOWN, waiting, words } from "@/lib/format";

type Partition = Topic["partitions"][number];

/** Lag and state of each partition of a topic. */
export function TopicPanel({ topic }: { topic: Topic }) {
  const known = topic.partitions.map((each) => each.lag).filter((lag) => lag != null);
  const total = known.length === topic.partitions.length ? known.reduce((sum, lag) => sum + lag, 0) : null;
  const title = (
    <span className="flex flex-wrap items-center gap-2">
      {topic.topic}
      <Badge tone="accent">{words(topic.kind)}</Badge>
      {topic.mode && <Badge tone={topic.mode === "enforce" ? "valid" : "invalid"}>{words(topic.mode)}</Badge>}
    </span>
  );
  const reads = topic.kind === "source" || topic.kind === "replay" || topic.kind === "dead_letter";
  return (
    <Panel title={title} aside={reads ? <span className="tabular">lag {count(total)} records</span> : `${topic.partitions.length} partitions`}>
      <Table label={`Partitions of ${topic.topic}`} columns={reads ? [...PLACE, ...READ] : PLACE} rows={topic.partitions} rowId={(row) => String(row.partition)} />
    </Panel>
  );
}

const PLACE: Column<Partition>[] = [
  { id: "partition", header: "Partition", cell: ({ row }) => row.original.partition },
  { id: "end", header: "End offset", cell: ({ row }) => count(row.original.end) },
];

const READ: Column<Partition>[] = [
  { id: "committed", header: "Committed offset", cell: ({ row }) => count(row.original.committed) },
  { id: "lag", header: "Lag (records)", cell: ({ row }) => <span className={(row.original.lag ?? 0) > 10_000 ? "text-error" : ""}>{count(row.original.lag)}</span> },
  { id: "age", header: "Last commit", cell: ({ row }) => waiting(row.original.lag, row.original.commit_age_s) },
  { id: "state", header: "State", cell: ({ row }) => (row.original.state ? <State of={row.original.state} /> : UNKNOWN) },
  { id: "reason", header: "Paused because", cell: ({ row }) => row.original.paused_reason ?? "–" },
];
