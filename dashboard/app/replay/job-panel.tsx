"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { State } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { Panel } from "@/components/ui/panel";
import { Loaded } from "@/components/ui/states";
import { keys } from "@/lib/api/keys";
import { actOn, DONE, jobQuery, type Job } from "@/lib/api/replays";
import { count } from "@/lib/format";
import { useCan } from "@/lib/session";

import { Progress } from "./progress";
import { Report } from "./report";

export function JobPanel({ id }: { id: string }) {
  const job = useQuery(jobQuery(id));
  return (
    <Loaded query={job} lines={6}>
      {(data) => (
        <Panel title={data.state === "planned" ? "2. Dry run" : "3. Replay"} aside={<State of={data.state} />}>
          {data.error && (
            <p role="alert" className="px-3 pt-3 text-error">
              {data.error}
            </p>
          )}
          {data.state !== "planned" && data.state !== "planning" && <Progress job={data} />}
          <Report job={data} />
          <Actions job={data} />
        </Panel>
      )}
    </Loaded>
  );
}

function Actions({ job }: { job: Job }) {
  const [confirming, setConfirming] = useState(false);
  const canWrite = useCan("write");
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: (action: "pause" | "resume" | "cancel") => actOn(job.id, action, `${action} from the dashboard`),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.replays.all }),
  });
  if (!canWrite || DONE.has(job.state)) return null;
  const total = job.counts.selected;
  const records = `${count(total)} ${total === 1 ? "record" : "records"}`;
  return (
    <div className="flex flex-wrap items-center gap-2 border-t border-line p-3">
      {act.error && <p className="text-error">{act.error.message}</p>}
      <span className="ml-auto" />
      <Button onClick={() => act.mutate("cancel")}>Cancel the replay</Button>
      {job.state === "running" && <Button onClick={() => act.mutate("pause")}>Pause</Button>}
      {job.state === "paused" && <Button onClick={() => act.mutate("resume")}>Resume</Button>}
      {job.state === "planned" && (
        <Button kind="primary" onClick={() => setConfirming(true)}>
          Replay {records}
        </Button>
      )}
      {confirming && (
        <Confirm
          title={`Replay ${records}?`}
          description={`${count(job.counts.would_pass)} would pass, ${count(job.counts.would_fail)} would fail again. ${job.target ? `They go to ${job.target}.` : "They go through the gateway again."}`}
          action={`Replay ${records} now`}
          reason={job.why ?? ""}
          onClose={() => setConfirming(false)}
          onConfirm={async (why) => {
            client.setQueryData(keys.replays.one(job.id), await actOn(job.id, "run", why));
            await client.invalidateQueries({ queryKey: keys.replays.all });
          }}
        />
      )}
    </div>
  );
}
