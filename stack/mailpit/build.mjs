// Builds Mailpit's page, which its module holds as source only.
//
//   node build.mjs SERVER_UI_SRC OUTPUT_DIRECTORY
//
// Mailpit's own build also makes a viewer of its API, of a package that not every registry has.
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";
import vue from "esbuild-plugin-vue-next";
import * as sass from "sass";

const [source, output] = process.argv.slice(2);

const styles = {
  name: "styles",
  setup(build) {
    build.onLoad({ filter: /\.scss$/ }, ({ path }) => ({
      contents: sass.compile(path, {
        loadPaths: ["node_modules"],
        quietDeps: true,
        silenceDeprecations: ["import"],
      }).css,
      loader: "css",
      resolveDir: dirname(path),
    }));
  },
};

await esbuild.build({
  entryPoints: [join(source, "app.js")],
  outdir: output,
  nodePaths: ["node_modules"],
  bundle: true,
  minify: true,
  define: {
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  loader: { ".svg": "file", ".woff": "file", ".woff2": "file" },
  logLevel: "warning",
  plugins: [vue(), styles],
});
