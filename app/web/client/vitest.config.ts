/** Unit and component tests: no sockets, a document in memory, time by a fake clock where it counts. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    testTimeout: 30_000, // for a machine that has much else to do
    maxWorkers: 2, // the machine has as many cores; with the default of one less, one file at a time
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
  },
});
