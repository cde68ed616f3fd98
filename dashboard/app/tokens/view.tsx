"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { PageTitle, Panel } from "@/components/ui/panel";
import { Empty, Loaded } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { keys } from "@/lib/api/keys";
import { meQuery } from "@/lib/api/me";
import { revokeToken, tokensQuery, type TokenShown } from "@/lib/api/tokens";
import { UNKNOWN } from "@/lib/format";

import { CreateForm } from "./create-form";

/** Who may use the API. */
export function TokensView() {
  const me = useQuery(meQuery());
  return (
    <>
      <PageTitle>API tokens</PageTitle>
      <Loaded query={me}>
        {({ can, role, auth_required }) =>
          can.includes("tokens") ? (
            <div className="flex flex-col gap-3">
              <CreateForm first={!auth_required} />
              <Tokens />
            </div>
          ) : (
            <Panel>
              <Empty title="Not allowed">This needs the role admin, yours is {role}.</Empty>
            </Panel>
          )
        }
      </Loaded>
    </>
  );
}

function Tokens() {
  const tokens = useQuery(tokensQuery());
  const [revoking, setRevoking] = useState<string | null>(null);
  const client = useQueryClient();
  const columns = useMemo(() => columnsOf(setRevoking), []);
  return (
    <Panel title="Tokens">
      <Loaded query={tokens}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No token was made yet">So whoever reaches this port may do everything; it listens on this machine only, unless that was set otherwise.</Empty>
          ) : (
            <Table label="Tokens" columns={columns} rows={data.items} rowId={(row) => row.name} />
          )
        }
      </Loaded>
      {revoking !== null && (
        <Confirm
          title={`Revoke the token ${revoking}?`}
          description="It stops working within seconds, on every worker. Its name stays taken, so that the audit log stays true."
          action="Revoke"
          danger
          onClose={() => setRevoking(null)}
          onConfirm={async (why) => {
            await revokeToken(revoking, why);
            await client.invalidateQueries({ queryKey: keys.tokens });
          }}
        />
      )}
    </Panel>
  );
}

function columnsOf(revoke: (name: string) => void): Column<TokenShown>[] {
  return [
    { id: "name", header: "Name", cell: ({ row }) => <span className="font-medium">{row.original.name}</span> },
    { id: "role", header: "Role", cell: ({ row }) => row.original.role },
    { id: "at", header: "Made", cell: ({ row }) => <Time at={row.original.created_at} /> },
    { id: "by", header: "By", cell: ({ row }) => row.original.created_by ?? UNKNOWN },
    { id: "state", header: "State", cell: ({ row }) => <Life of={row.original} /> },
    {
      id: "revoke",
      header: () => <span className="block text-right">Action</span>,
      cell: ({ row }) =>
        row.original.revoked_at ? null : (
          <div className="text-right">
            <Button kind="danger" aria-label={`Revoke ${row.original.name}`} onClick={() => revoke(row.original.name)}>
              Revoke
            </Button>
          </div>
        ),
    },
  ];
}

function Life({ of }: { of: TokenShown }) {
  if (!of.revoked_at) return <Badge tone="valid">works</Badge>;
  return (
    <span className="flex items-center gap-2 whitespace-nowrap">
      <Badge>revoked</Badge>
      <span className="text-muted">
        <Time at={of.revoked_at} /> by {of.revoked_by ?? UNKNOWN}
      </span>
    </span>
  );
}
