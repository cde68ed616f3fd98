"use client";

import { json } from "@codemirror/lang-json";
import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";

import { theme } from "./codemirror-theme";

interface Props {
  before: string;
  after: string;
  labels: [before: string, after: string];
}

/** Two documents side by side; equal stretches are folded away. */
export function JsonDiff({ before, after, labels }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [left, right] = labels;
  useEffect(() => {
    if (host.current === null) return;
    const view = new MergeView({
      parent: host.current,
      a: { doc: before, extensions: extensions(left) },
      b: { doc: after, extensions: extensions(right) },
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    return () => view.destroy();
  }, [before, after, left, right]);
  return (
    <div className="min-w-0">
      <div className="grid grid-cols-2 text-2xs text-muted">
        <span className="px-2 py-1">{left}</span>
        <span className="px-2 py-1">{right}</span>
      </div>
      <div ref={host} className="max-h-[60vh] overflow-auto border-t border-line" tabIndex={0} role="region" aria-label={`${left} beside ${right}`} />
    </div>
  );
}

function extensions(label: string) {
  return [
    lineNumbers(),
    json(),
    EditorState.readOnly.of(true),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label }),
    ...theme,
  ];
}
