import type { Metadata } from "next";

import { TokensView } from "./view";

export const metadata: Metadata = { title: "API tokens" };

/** Without a boundary: it would come alive after the shell knows who is there, with other HTML than it was built with. */
export default function Page() {
  return <TokensView />;
}
