import type { Metadata } from "next";
import { Suspense } from "react";

import { Loading } from "@/components/ui/states";

import { TopicsView } from "./view";

export const metadata: Metadata = { title: "Topics & breakers" };

export default function Page() {
  return (
    <Suspense fallback={<Loading lines={10} />}>
      <TopicsView />
    </Suspense>
  );
}
