/**
 * Draws the pictures in public/ that cannot be vectors, with a headless Chromium:
 * `node pictures/make.mjs [chromium]`, in the client's folder, after icon.svg or share.svg changed.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const chromium = process.argv[2] ?? "chromium";
const page = resolve("pictures/page.html");

function draw(source, target, [width, height]) {
  const style = "margin:0;display:block;width:100vw;height:100vh";
  writeFileSync(
    page,
    `<body style="margin:0"><img style="${style}" src="file://${resolve(source)}">`,
  );
  execFileSync(chromium, [
    "--headless",
    "--no-sandbox",
    "--hide-scrollbars",
    "--default-background-color=00000000",
    `--window-size=${width},${height}`,
    `--screenshot=${resolve(target)}`,
    `file://${page}`,
  ]);
  rmSync(page);
}

/** An .ico that holds one PNG: a directory of one entry, then the picture. */
function iconOf(png, side) {
  const head = Buffer.alloc(22);
  head.writeUInt16LE(1, 2); // type: icon
  head.writeUInt16LE(1, 4); // pictures
  head.writeUInt8(side, 6);
  head.writeUInt8(side, 7);
  head.writeUInt16LE(1, 10); // planes
  head.writeUInt16LE(32, 12); // bits per pixel
  head.writeUInt32LE(png.length, 14);
  head.writeUInt32LE(head.length, 18);
  return Buffer.concat([head, png]);
}

for (const [side, name] of [
  [180, "apple-touch-icon"],
  [192, "icon-192"],
  [512, "icon-512"],
  [32, "favicon"],
]) {
  draw("public/icon.svg", `public/${name}.png`, [side, side]);
}
writeFileSync("public/favicon.ico", iconOf(readFileSync("public/favicon.png"), 32));
rmSync("public/favicon.png");
draw("pictures/share.svg", "public/share.png", [1200, 630]);
