import type { Metadata } from "next";
import { Suspense } from "react";

import { Loading } from "@/components/ui/states";

import { AuditView } from "./view";

export const metadata: Metadata = { title: "Audit" };

export default function Page() {
  return (
    <Suspense fallback={<Loading lines={10} />}>
      <AuditView />
    </Suspense>
  );
}
