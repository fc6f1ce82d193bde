// Bundles the front end into ../static/dist: content-hashed names, a manifest, and a compressed twin of each file.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import icons from "./icons.js";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "dist");
const next = `${out}.new`;
const manifest = {};

rmSync(next, { recursive: true, force: true });
mkdirSync(next, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: { main: "main.js", charts: "charts.js", kith: "kith.css" },
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "safari16.4", "firefox115"],
  outdir: next,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
});
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  const name = output.entryPoint;
  if (name) manifest[name] = path.split("/").pop();
}

// One sprite of the listed icons; each symbol keeps Tabler's stroke settings through CSS (.icon).
const symbols = icons.map((name) => {
  const svg = readFileSync(join(here, "node_modules", "@tabler", "icons", "icons", "outline", `${name}.svg`), "utf8");
  const body = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/<path stroke="none"[^>]*\/>/, "").replace(/\s+/g, " ").trim()}</symbol>`;
});
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
const spriteName = `icons-${createHash("sha256").update(sprite).digest("hex").slice(0, 8).toUpperCase()}.svg`;
writeFileSync(join(next, spriteName), sprite);
manifest["icons.svg"] = spriteName;
writeFileSync(join(next, "manifest.json"), JSON.stringify(manifest, null, 1));

for (const name of readdirSync(next).filter((file) => /\.(js|css|svg)$/.test(file))) {
  const raw = readFileSync(join(next, name));
  const packed = gzipSync(raw, { level: 9 });
  writeFileSync(join(next, `${name}.gz`), packed);
  console.log(`  ${name.padEnd(24)} ${(raw.length / 1024).toFixed(0).padStart(5)} KB, compressed ${(packed.length / 1024).toFixed(0)} KB`);
}

// Swapped at the end, so that a site that runs meanwhile never finds half a build.
rmSync(out, { recursive: true, force: true });
renameSync(next, out);
