"use client";

import { memo, useEffect, useMemo, useRef, useState } from "react";

import { count, milliseconds } from "@/lib/format";
import { useTheme } from "@/lib/theme";

import { clockTime } from "./axis";
import { type Cell, cellAt, type Cells, cellsOf, left, LEFT, shadeOf } from "./heatmap-cells";
import type { History } from "./latency";
import { useWidth } from "./use-width";

/** Latency over the last five minutes: time to the right, slower upwards, more chunks brighter.
 *
 * On a canvas: up to a thousand cells as elements would be most of the page.
 */
export const Heatmap = memo(function Heatmap({ history, height }: { history: History; height: number }) {
  const [ref, width] = useWidth();
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<{ cell: Cell; x: number } | null>(null);
  const rows = history.limits.length;
  const cells = useMemo(() => cellsOf(rows, width, height), [rows, width, height]);
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, cells, history);
  }, [cells, history, width, theme]);
  return (
    <div ref={ref} className="relative" style={{ height }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label="Latency of judged chunks over the last five minutes"
        className="absolute inset-0 size-full"
        onPointerLeave={() => setHover(null)}
        onPointerMove={({ nativeEvent: { offsetX, offsetY } }) => {
          const cell = cellAt(cells, history, offsetX, offsetY);
          setHover(cell && { cell, x: offsetX });
        }}
      />
      {hover && <Tip of={hover.cell} x={hover.x} width={width} />}
    </div>
  );
});

function Tip({ of, x, width }: { of: Cell; x: number; width: number }) {
  const side = x > width / 2 ? { right: width - x + 10 } : { left: x + 10 };
  return (
    <div className="glass tabular pointer-events-none absolute top-2 rounded-md border border-line px-2 py-1 text-2xs" style={side}>
      <p className="text-muted">{clockTime(of.at)}</p>
      <p>{of.upTo === null ? `over ${milliseconds(of.above)}` : `${milliseconds(of.above ?? 0)} to ${milliseconds(of.upTo)}`}</p>
      <p>{count(of.count)} chunks</p>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, cells: Cells, history: History) {
  const paint = canvas.getContext("2d");
  if (paint === null) return;
  const scale = window.devicePixelRatio;
  canvas.width = Math.round(cells.width * scale); // this clears it, too
  canvas.height = Math.round(cells.height * scale);
  paint.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(`--${name}`);
  drawLanes(paint, cells, history, colour("raised"));
  drawColumns(paint, cells, history, colour("accent"));
  paint.fillStyle = colour("muted");
  paint.font = `10px ${style.fontFamily}`;
  drawLabels(paint, cells, history);
}

function drawLanes(paint: CanvasRenderingContext2D, cells: Cells, history: History, colour: string) {
  paint.fillStyle = colour;
  paint.globalAlpha = 0.6;
  history.limits.forEach((_, row) => paint.fillRect(LEFT, cells.top(row), cells.width - LEFT, cells.rowHeight));
  paint.globalAlpha = 1;
}

function drawColumns(paint: CanvasRenderingContext2D, cells: Cells, history: History, colour: string) {
  const shade = shadeOf(history.columns);
  const width = Math.max(1, cells.step - 1);
  paint.fillStyle = colour;
  history.columns.forEach((column, index) => {
    const x = left(cells, history, index);
    column.counts.forEach((count, row) => {
      if (count === 0) return;
      paint.globalAlpha = shade(count);
      paint.fillRect(x, cells.top(row), width, cells.rowHeight);
    });
  });
  paint.globalAlpha = 1;
}

function drawLabels(paint: CanvasRenderingContext2D, cells: Cells, history: History) {
  const every = Math.ceil(history.limits.length / 7);
  paint.textAlign = "right";
  history.limits.forEach((limit, row) => {
    if (row % every === 0) paint.fillText(limit === null ? "more" : milliseconds(limit), LEFT - 6, cells.top(row) + cells.rowHeight / 2 + 3);
  });
  const [oldest, newest] = [history.columns[0], history.columns.at(-1)];
  if (!oldest || !newest) return;
  paint.fillText(clockTime(newest.at), cells.width, cells.height - 3);
  paint.textAlign = "left";
  if (newest !== oldest) paint.fillText(clockTime(oldest.at), LEFT, cells.height - 3);
}
