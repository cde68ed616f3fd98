"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Field, Input, Select } from "@/components/ui/field";
import { Panel } from "@/components/ui/panel";
import { Failed, Loading } from "@/components/ui/states";
import { incidentQuery } from "@/lib/api/incidents";
import { keys } from "@/lib/api/keys";
import { countsQuery, listQuery, REPLAYABLE, type Selection } from "@/lib/api/quarantine";
import { dryRun, repairs } from "@/lib/api/replays";
import { count } from "@/lib/format";

import { RepairEditor, type Repair } from "./repair-editor";

interface Props {
  selection: Selection;
  /** The version that is to judge, `name@version`; it was corrected, not the records. */
  pin: string | null;
  onPlanned: (job: string) => void;
}

/** Choose the repair for a selection and try it; nothing is sent from here. */
export function Workbench({ selection, pin, onPlanned }: Props) {
  const sample = useSample(selection);
  const [repair, setRepair] = useState<Repair>({ kind: "none", text: repairs.none(), summary: "Replay without a change" });
  const [onFailure, setOnFailure] = useState(pin ? "skip" : "park");
  const [ratePerS, setRatePerS] = useState("");
  const [target, setTarget] = useState("");
  const client = useQueryClient();
  const only = repair.kind === "edit" && sample.id !== null ? { ids: [sample.id] } : selection;
  const plan = useMutation({
    mutationFn: () =>
      dryRun({
        selection: only,
        repair: repair.text,
        schema: pin,
        target: target.trim() || null,
        rate_per_s: ratePerS ? Number(ratePerS) : null,
        on_failure: onFailure,
        why: (pin && repair.kind === "none" ? `${pin} is enforced` : `${repair.summary}: ${sample.title}`).slice(0, 500),
      }),
    onSuccess: async (job) => {
      client.setQueryData(keys.replays.one(job.id), job);
      onPlanned(job.id);
      await client.invalidateQueries({ queryKey: keys.replays.list });
    },
  });
  if (sample.error) return <Failed error={sample.error} />;
  return (
    <Panel title={`1. Repair: ${sample.title}`} aside={`${count(sample.total)} selected`}>
      {sample.id === null ? sample.pending ? <Loading /> : <p className="p-3 text-muted">Nothing open is left in this selection.</p> : <RepairEditor id={sample.id} start={pin ? "none" : "edit"} onRepair={setRepair} />}
      <div className="flex flex-wrap items-end gap-2 border-t border-line p-3">
        <Field label="If a record fails again">
          {(id) => (
            <Select id={id} className="w-40" value={onFailure} onChange={(event) => setOnFailure(event.target.value)}>
              <option value="park">park it, go on</option>
              <option value="skip">skip it</option>
              <option value="stop_on_error">stop the replay</option>
            </Select>
          )}
        </Field>
        <Field label="Records a second">{(id) => <Input id={id} type="number" min={1} placeholder="no limit" className="w-28" value={ratePerS} onChange={(event) => setRatePerS(event.target.value)} />}</Field>
        <Field label="To another topic">{(id) => <Input id={id} placeholder="back through the gateway" className="w-52" value={target} onChange={(event) => setTarget(event.target.value)} />}</Field>
        <div className="ml-auto flex items-center gap-3">
          {pin && <Badge tone="accent">judged by {pin}</Badge>}
          <span className="text-muted">{repair.summary}</span>
          <Button kind="primary" disabled={plan.isPending || sample.id === null || repair.broken} onClick={() => plan.mutate()}>
            {plan.isPending ? "Trying" : "Dry run"}
          </Button>
        </div>
      </div>
      {plan.error && <Failed error={plan.error} />}
    </Panel>
  );
}

interface Sample {
  id: string | null;
  title: string;
  total: number | null;
  pending: boolean;
  error: unknown;
}

/** Find one record to work on, and what the selection is called. */
function useSample(selection: Selection): Sample {
  const fingerprint = "incident" in selection ? selection.incident : null;
  const filters = "filters" in selection ? selection.filters : null;
  const incident = useQuery({ ...incidentQuery(fingerprint ?? ""), enabled: fingerprint !== null, refetchInterval: false });
  const { queryFn } = listQuery(filters ?? {});
  const first = useQuery({
    queryKey: [...keys.quarantine.list(filters ?? {}), "first"],
    queryFn: ({ signal }) => queryFn({ signal, pageParam: null }),
    enabled: filters !== null,
  });
  const statuses = useQuery({ ...countsQuery("status", filters ?? {}), enabled: filters !== null });
  if ("ids" in selection) {
    const [id] = selection.ids;
    return { id: id ?? null, title: selection.ids.length === 1 ? "one record" : `${selection.ids.length} records`, total: selection.ids.length, pending: false, error: null };
  }
  if (fingerprint !== null) {
    const found = incident.data?.data;
    return { id: found?.sample_id ?? null, title: found?.title ?? "an incident", total: found?.open_records ?? null, pending: incident.isPending, error: incident.error };
  }
  const replayable = statuses.data?.items.filter((each) => REPLAYABLE.has(each.value ?? ""));
  return {
    id: first.data?.items.find((row) => REPLAYABLE.has(row.status))?.id ?? null,
    title: `open records ${filters?.schema ? `of ${filters.schema}` : "that match the filters"}`,
    total: replayable?.reduce((sum, each) => sum + each.count, 0) ?? null,
    pending: first.isPending,
    error: first.error,
  };
}
