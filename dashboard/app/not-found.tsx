import Link from "next/link";

import { buttonClass } from "@/components/ui/button";
import { Empty } from "@/components/ui/states";
import { routes } from "@/lib/routes";

export default function NotFound() {
  return (
    <Empty title="There is no such page">
      <Link href={routes.overview()} prefetch={false} className={`${buttonClass()} mt-3`}>
        To the overview
      </Link>
    </Empty>
  );
}
