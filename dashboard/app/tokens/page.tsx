import type { Metadata } from "next";
import { Suspense } from "react";

import { Loading } from "@/components/ui/states";

import { TokensView } from "./view";

export const metadata: Metadata = { title: "API tokens" };

export default function Page() {
  return (
    <Suspense fallback={<Loading lines={10} />}>
      <TokensView />
    </Suspense>
  );
}
