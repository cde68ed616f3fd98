import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Own colours, readable in both themes: they follow the page's variables. */
const look = EditorView.theme({
  "&": { fontSize: "12px", backgroundColor: "var(--surface)", color: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "20px" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--muted)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--raised)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", border: "1px solid var(--line)", color: "var(--ink)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--invalid)" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px solid var(--invalid)" },
  ".cm-changedLine, .cm-changedText, .cm-deletedChunk": { backgroundColor: "var(--mark) !important" },
  ".cm-changedText": { background: "none", borderBottom: "2px solid var(--invalid)" },
  ".cm-collapsedLines": { background: "var(--raised)", color: "var(--muted)" },
  ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: '"···"' },
});

const colours = HighlightStyle.define([
  { tag: tags.string, color: "var(--valid)" },
  { tag: tags.number, color: "var(--accent)" },
  { tag: [tags.bool, tags.null], color: "var(--remediated)" },
  { tag: tags.propertyName, color: "var(--ink)" },
  { tag: tags.punctuation, color: "var(--muted)" },
]);

export const theme = [look, syntaxHighlighting(colours)];
