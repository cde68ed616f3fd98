import type { ComponentProps } from "react";

const BASE =
  "inline-flex items-center justify-center gap-1.5 rounded-md px-2.5 h-7 text-xs font-medium whitespace-nowrap transition-colors disabled:opacity-50 disabled:cursor-not-allowed";
const KINDS = {
  primary: "bg-accent text-on-accent hover:brightness-110",
  plain: "border border-line bg-surface text-ink hover:bg-raised",
  quiet: "text-muted hover:bg-raised hover:text-ink",
  danger: "border border-error/50 bg-surface text-error hover:bg-error/10",
};

interface Props extends ComponentProps<"button"> {
  kind?: keyof typeof KINDS;
}

export function Button({ kind = "plain", className = "", ...rest }: Props) {
  return <button type="button" className={`${BASE} ${KINDS[kind]} ${className}`} {...rest} />;
}

export function buttonClass(kind: keyof typeof KINDS = "plain") {
  return `${BASE} ${KINDS[kind]}`;
}
