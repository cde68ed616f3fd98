import { scaleLinear } from "@visx/scale";
import { Bar } from "@visx/shape";

/** Hourly counts as small bars; the newest is at the right. */
export function Sparkline({ values, width = 96, height = 20, label, className }: { values: number[]; width?: number; height?: number; label: string; className?: string }) {
  const y = scaleLinear({ domain: [0, Math.max(1, ...values)], range: [0, height] });
  const step = width / Math.max(1, values.length);
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className={className} width={width} height={height} role="img" aria-label={label}>
      {values.map((value, index) => {
        const tall = value === 0 ? 1 : Math.max(2, y(value));
        return <Bar key={index} x={index * step} y={height - tall} width={Math.max(1, step - 1)} height={tall} fill={value === 0 ? "var(--line)" : "var(--invalid)"} />;
      })}
    </svg>
  );
}
