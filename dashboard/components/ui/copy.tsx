"use client";

import { useState } from "react";

import { Icon } from "./icon";

export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      aria-label={copied ? "Copied" : `Copy ${label}`}
      title={copied ? "Copied" : `Copy ${label}`}
      className={`rounded p-0.5 hover:bg-raised ${copied ? "text-valid" : "text-muted hover:text-ink"}`}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => setCopied(true));
        setTimeout(() => setCopied(false), 1500);
      }}
    >
      <Icon name="copy" className="size-3.5" />
    </button>
  );
}
