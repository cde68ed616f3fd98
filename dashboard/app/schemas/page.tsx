import type { Metadata } from "next";
import { Suspense } from "react";

import { Loading } from "@/components/ui/states";

import { SchemasView } from "./view";

export const metadata: Metadata = { title: "Schemas" };

export default function Page() {
  return (
    <Suspense fallback={<Loading lines={10} />}>
      <SchemasView />
    </Suspense>
  );
}
