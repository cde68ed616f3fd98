import type { Metadata } from "next";
import { Suspense } from "react";

import { Loading } from "@/components/ui/states";

import { QuarantineView } from "./view";

export const metadata: Metadata = { title: "Quarantine" };

export default function Page() {
  return (
    <Suspense fallback={<Loading lines={10} />}>
      <QuarantineView />
    </Suspense>
  );
}
