const PATHS = {
  overview: "M3 12h4l3-8 4 16 3-8h4",
  quarantine: "M4 8h16v11H4zM4 8l2-4h12l2 4M9 12h6",
  incidents: "M12 3 2.5 20h19zM12 10v4m0 3v.01",
  replay: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5",
  schemas: "M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5",
  topics: "M4 6h16M4 12h16M4 18h16M8 4v4M15 10v4M10 16v4",
  audit: "M5 4h14v16H5zM8.5 9l1.5 1.5L12.5 8M15 9h1M8.5 15l1.5 1.5 2.5-2.5M15 15h1",
  tokens: "M14.5 4a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM10.5 13.5 3 21m2-2 2.5 2.5M16 8v.01",
  close: "M6 6l12 12M18 6 6 18",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3m0 14v3M2 12h3m14 0h3M5 5l2 2m10 10 2 2M5 19l2-2M17 7l2-2",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.1-1.5 2.4m0 3v.01M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  menu: "M4 7h16M4 12h16M4 17h16",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name, className = "size-4" }: { name: IconName; className?: string }) {
  return (
    <svg viewBox="0 0 24 24" className={className} fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
