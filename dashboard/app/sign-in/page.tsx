import type { Metadata } from "next";
import { Suspense } from "react";

import { Loading } from "@/components/ui/states";

import { SignInView } from "./view";

export const metadata: Metadata = { title: "Sign in" };

export default function Page() {
  return (
    <Suspense fallback={<Loading lines={10} />}>
      <SignInView />
    </Suspense>
  );
}
