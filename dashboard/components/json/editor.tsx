"use client";

import dynamic from "next/dynamic";

import { Loading } from "@/components/ui/states";

/** CodeMirror, loaded only where somebody edits. */
export const JsonEditor = dynamic(() => import("./codemirror").then((module) => module.JsonEditor), {
  ssr: false,
  loading: () => <Loading lines={8} label="Loading the editor" />,
});

export const JsonDiff = dynamic(() => import("./codemirror-diff").then((module) => module.JsonDiff), {
  ssr: false,
  loading: () => <Loading lines={8} label="Loading the comparison" />,
});
