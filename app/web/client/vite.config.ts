/** Builds to dist/ (hashed assets); in development, the API and the socket come from a gateway. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import { ROUTES } from "./src/routes.ts";

const GATEWAY = "http://127.0.0.1:8080";
const DIST = "dist";
const TEXTS = /\.(js|css|svg|webmanifest|txt)$/;

/** What the server (app/web/client_files.py) needs besides: the routes, and compressed texts. */
const delivery: Plugin = {
  name: "delivery",
  apply: "build",
  closeBundle() {
    writeFileSync(join(DIST, "routes.json"), JSON.stringify(ROUTES));
    for (const file of readdirSync(DIST, { recursive: true, encoding: "utf-8" })) {
      if (TEXTS.test(file)) compress(join(DIST, file));
    }
  },
};

function compress(file: string): void {
  const text = readFileSync(file);
  for (const [suffix, packed] of [
    [".br", brotliCompressSync(text)],
    [".gz", gzipSync(text, { level: 9 })],
  ] as const) {
    if (packed.length < text.length) writeFileSync(file + suffix, packed);
  }
}

export default defineConfig({
  // No source maps: nobody but its owner needs the source, and they have it.
  build: { target: "es2022", outDir: DIST, assetsDir: "assets" },
  plugins: [delivery],
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": { target: GATEWAY },
      "/oauth2": { target: GATEWAY },
      "/login/oauth2": { target: GATEWAY },
      "/ws": { target: GATEWAY, ws: true, rewriteWsOrigin: true },
    },
  },
  preview: { host: "127.0.0.1" },
});
