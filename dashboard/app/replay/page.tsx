import type { Metadata } from "next";
import { Suspense } from "react";

import { Loading } from "@/components/ui/states";

import { ReplayView } from "./view";

export const metadata: Metadata = { title: "Fix & replay" };

export default function Page() {
  return (
    <Suspense fallback={<Loading lines={10} />}>
      <ReplayView />
    </Suspense>
  );
}
