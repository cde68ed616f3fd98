"use client";

import { useId, type ComponentProps, type ReactNode } from "react";

const CONTROL = "h-7 rounded-md border border-line bg-surface px-2 text-xs text-ink placeholder:text-muted";

export function Input({ className = "w-full", ...rest }: ComponentProps<"input">) {
  return <input className={`${CONTROL} ${className}`} {...rest} />;
}

export function TextArea({ className = "w-full", ...rest }: ComponentProps<"textarea">) {
  return <textarea className={`${CONTROL} min-h-14 py-1.5 ${className}`} {...rest} />;
}

export function Select({ className = "w-full", ...rest }: ComponentProps<"select">) {
  return <select className={`${CONTROL} ${className}`} {...rest} />;
}

/** A label over its control; `children` gets the id to carry. */
export function Field({ label, hint, children }: { label: ReactNode; hint?: ReactNode; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-2xs font-medium text-muted">
        {label}
      </label>
      {children(id)}
      {hint && <p className="text-2xs text-muted">{hint}</p>}
    </div>
  );
}

export function Check({ label, ...rest }: { label: string } & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className="flex items-center gap-2">
      <input type="checkbox" id={id} className="size-3.5 accent-accent" {...rest} />
      <label htmlFor={id}>{label}</label>
    </div>
  );
}
