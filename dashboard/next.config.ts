import type { NextConfig } from "next";

/** A static export: every worker serves the files, data comes through the API. */
const config: NextConfig = {
  output: "export",
  trailingSlash: true,
  images: { unoptimized: true },
  turbopack: { root: import.meta.dirname },
  reactStrictMode: true,
};

export default config;
