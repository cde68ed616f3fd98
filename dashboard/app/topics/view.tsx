"use client";

import { useQuery } from "@tanstack/react-query";

import { PageTitle } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { topicsQuery } from "@/lib/api/topics";

import { Breakers } from "./breakers";
import { TopicPanel } from "./topic-panel";

const ORDER = ["source", "replay", "valid", "dead_letter"];

export function TopicsView() {
  const topics = useQuery(topicsQuery());
  return (
    <>
      <PageTitle>Topics &amp; breakers</PageTitle>
      <div className="flex flex-col gap-3">
        <Breakers />
        <Loaded query={topics} lines={10}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty title="No topics">Create them: `dataquarantine topics create`.</Empty>
            ) : (
              [...data.items]
                .sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))
                .map((topic) => <TopicPanel key={topic.topic} topic={topic} />)
            )
          }
        </Loaded>
      </div>
    </>
  );
}
