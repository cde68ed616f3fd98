import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": import.meta.dirname } },
  test: { environment: "happy-dom", include: ["{app,components,lib}/**/*.test.{ts,tsx}"] },
});
