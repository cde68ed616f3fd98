import { OverviewView } from "./_overview/view";

export default function Page() {
  return <OverviewView />;
}
