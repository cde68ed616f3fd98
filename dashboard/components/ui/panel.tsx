import type { ReactNode } from "react";

interface Props {
  title?: ReactNode;
  aside?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A titled box; `aside` stands at the right of the title. */
export function Panel({ title, aside, className = "", children }: Props) {
  return (
    <section className={`flex min-w-0 flex-col rounded-lg border border-line bg-surface ${className}`}>
      {title !== undefined && (
        <header className="flex min-h-9 flex-wrap items-center justify-between gap-3 border-b border-line px-3 py-1.5">
          <h2 className="text-xs font-semibold">{title}</h2>
          <div className="flex items-center gap-2 text-2xs text-muted">{aside}</div>
        </header>
      )}
      {children}
    </section>
  );
}

export function PageTitle({ children, aside }: { children: ReactNode; aside?: ReactNode }) {
  return (
    <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
      <h1 className="text-base font-semibold tracking-tight">{children}</h1>
      <div className="flex flex-wrap items-center gap-2">{aside}</div>
    </div>
  );
}
