/** Unit tests: no sockets, time by a fake clock. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"] },
});
