import { Button } from "@/components/ui/button";
import { Copy } from "@/components/ui/copy";
import { Dialog } from "@/components/ui/dialog";
import type { Made } from "@/lib/api/tokens";

/** Show a token this once. */
export function MadeDialog({ made, first, onClose }: { made: Made; first: boolean; onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={`The token of ${made.name}`} description="It is shown this once: only its hash is kept. Copy it to where it is needed.">
      <p className="flex items-center gap-2 rounded-md border border-line bg-raised px-2 py-1.5">
        <code data-testid="token" className="min-w-0 flex-1 font-mono text-2xs break-all">
          {made.token}
        </code>
        <Copy text={made.token} label="token" />
      </p>
      {first && <p className="mt-3 text-muted">This browser is signed in with it from now on.</p>}
      <div className="mt-3 flex justify-end">
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
