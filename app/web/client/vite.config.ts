/** Builds to dist/ (hashed assets); in development, the API and the socket come from a gateway. */
import { defineConfig } from "vite";

const GATEWAY = "http://127.0.0.1:8080";

export default defineConfig({
  build: { target: "es2022", sourcemap: true, assetsDir: "assets" },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": { target: GATEWAY },
      "/ws": { target: GATEWAY, ws: true, rewriteWsOrigin: true },
    },
  },
  preview: { host: "127.0.0.1" },
});
