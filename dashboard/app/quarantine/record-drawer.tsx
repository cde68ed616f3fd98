"use client";

import { useQuery } from "@tanstack/react-query";

import { Drawer } from "@/components/ui/dialog";
import { Loaded } from "@/components/ui/states";
import { recordQuery } from "@/lib/api/quarantine";

import { RecordDetail } from "./record-detail";

interface Props {
  id: string | null;
  onClose: () => void;
  onOpen: (id: string) => void;
}

export function RecordDrawer({ id, onClose, onOpen }: Props) {
  const record = useQuery({ ...recordQuery(id ?? ""), enabled: id !== null });
  const row = record.data?.data;
  return (
    <Drawer open={id !== null} onClose={onClose} title={row ? row.error_message || row.error_type : "Record"}>
      {id !== null && (
        <Loaded query={record} lines={12}>
          {({ data, etag }) => <RecordDetail key={data.id} record={data} etag={etag} onOpen={onOpen} />}
        </Loaded>
      )}
    </Drawer>
  );
}
