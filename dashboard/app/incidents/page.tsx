import type { Metadata } from "next";
import { Suspense } from "react";

import { Loading } from "@/components/ui/states";

import { IncidentsView } from "./view";

export const metadata: Metadata = { title: "Incidents" };

export default function Page() {
  return (
    <Suspense fallback={<Loading lines={10} />}>
      <IncidentsView />
    </Suspense>
  );
}
