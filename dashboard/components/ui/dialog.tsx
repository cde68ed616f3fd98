"use client";

import * as Radix from "@radix-ui/react-dialog";
import type { ReactNode } from "react";

import { Icon } from "./icon";

const VEIL = "fixed inset-0 z-40 bg-black/45 rise";
const CLOSE = "rounded p-1 text-muted hover:bg-raised hover:text-ink";

interface Props {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  children: ReactNode;
}

export function Dialog({ open, onClose, title, description, children }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={VEIL} />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          className="rise fixed top-[12vh] left-1/2 z-50 max-h-[80vh] w-[min(30rem,calc(100vw-2rem))] -translate-x-1/2 overflow-auto rounded-xl border border-line bg-surface p-4 shadow-2xl"
        >
          <div className="mb-2 flex items-start justify-between gap-4">
            <Radix.Title className="text-sm font-semibold">{title}</Radix.Title>
            <Radix.Close className={CLOSE} aria-label="Close">
              <Icon name="close" />
            </Radix.Close>
          </div>
          {description && <Radix.Description className="mb-3 text-muted">{description}</Radix.Description>}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A sheet from the right for one record or incident; the list stays behind it. */
export function Drawer({ open, onClose, title, children }: Omit<Props, "description">) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/30 rise" />
        <Radix.Content
          aria-describedby={undefined}
          className="slide-in fixed inset-y-0 right-0 z-50 flex w-[min(68rem,100vw)] flex-col border-l border-line bg-canvas shadow-2xl"
        >
          <div className="glass flex items-center justify-between gap-4 border-b border-line px-4 py-2">
            <Radix.Title className="min-w-0 truncate text-sm font-semibold">{title}</Radix.Title>
            <Radix.Close className={CLOSE} aria-label="Close">
              <Icon name="close" />
            </Radix.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto p-4" tabIndex={0} role="group" aria-label="Details">
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
