"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { PageTitle, Panel } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { Button } from "@/components/ui/button";
import { Table } from "@/components/ui/table";
import { listQuery, type Row } from "@/lib/api/quarantine";
import { useRowKeys } from "@/lib/keyboard";
import { useCan } from "@/lib/session";
import { useQueryState } from "@/lib/url";

import { BulkBar } from "./bulk-bar";
import { columnsOf } from "./columns";
import { Counts } from "./counts";
import { FilterBar } from "./filter-bar";
import { RecordDrawer } from "./record-drawer";
import { SavedViews } from "./saved-views";
import { readFilters } from "./search-params";

const NONE: ReadonlySet<string> = new Set();

export function QuarantineView() {
  const { params, query, set } = useQueryState();
  const filters = useMemo(() => readFilters(new URLSearchParams(query)), [query]);
  const list = useInfiniteQuery(listQuery(filters));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const [picked, setPicked] = useState(NONE);
  const canWrite = useCan("write");
  const open = (row: Row | undefined) => set({ id: row?.id });
  const cursor = useRowKeys(rows.length, (index) => open(rows[index]));
  const columns = useMemo(() => columnsOf({ rows, picked, setPicked, canWrite, open: (id) => set({ id }) }), [rows, picked, canWrite, set]);
  return (
    <>
      <PageTitle aside={<SavedViews query={query} onOpen={(next) => set(next)} />}>Quarantine</PageTitle>
      <FilterBar filters={filters} set={set} />
      <Counts filters={filters} set={set} />
      {canWrite && <BulkBar picked={picked} filters={filters} clear={() => setPicked(NONE)} />}
      <Panel>
        <Loaded query={list} lines={12}>
          {() =>
            rows.length === 0 ? (
              <Empty title="No record matches">
                {Object.keys(filters).length > 0 ? (
                  <Button className="mt-2" onClick={() => set(Object.fromEntries(Object.keys(filters).map((name) => [name, null])))}>
                    Clear the filters
                  </Button>
                ) : (
                  "Nothing was quarantined yet. Records that do not pass appear here within a second or two."
                )}
              </Empty>
            ) : (
              <Table label="Quarantined records" columns={columns} rows={rows} rowId={(row) => row.id} cursor={cursor} selected={params.get("id")} onOpen={open} />
            )
          }
        </Loaded>
        {list.hasNextPage && (
          <div className="border-t border-line p-2 text-center">
            <Button kind="quiet" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {list.isFetchingNextPage ? "Loading" : "Load more"}
            </Button>
          </div>
        )}
      </Panel>
      <RecordDrawer id={params.get("id")} onClose={() => set({ id: null })} onOpen={(id) => set({ id })} />
    </>
  );
}
