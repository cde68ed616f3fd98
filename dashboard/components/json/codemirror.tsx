"use client";

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";

import type { Problem } from "./problems";
import { theme } from "./codemirror-theme";

interface Props {
  label: string;
  value: string;
  onChange: (text: string) => void;
  problems?: Problem[];
  readOnly?: boolean;
}

/** An editor for JSON; problems are underlined at their place and said on hover. */
export function JsonEditor({ label, value, onChange, problems = [], readOnly = false }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useRef(onChange);
  const first = useRef({ value, label, readOnly });
  useEffect(() => {
    changed.current = onChange;
  }, [onChange]);
  useEffect(() => {
    if (host.current === null) return;
    const { value: doc, label: name, readOnly: locked } = first.current;
    const made = new EditorView({ parent: host.current, state: EditorState.create({ doc, extensions: extensions(name, locked, changed) }) });
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const { current } = view;
    if (current === null || current.state.doc.toString() === value) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const { current } = view;
    if (current === null) return;
    const end = current.state.doc.length;
    const shown = problems.map(({ from, to, message }): Diagnostic => ({ from: Math.min(from, end), to: Math.min(to, end), severity: "error", message }));
    current.dispatch(setDiagnostics(current.state, shown));
  }, [problems]);
  return <div ref={host} className="min-h-40 overflow-hidden rounded-md border border-line" />;
}

function extensions(label: string, readOnly: boolean, changed: { current: (text: string) => void }) {
  return [
    lineNumbers(),
    history(),
    highlightActiveLine(),
    lintGutter(),
    json(),
    keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label }),
    EditorState.readOnly.of(readOnly),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) changed.current(update.state.doc.toString());
    }),
    ...theme,
  ];
}
