// Builds the front-end files into an ignored folder: styles compiled without the GOV.UK typeface, scripts copied.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../../..");
const modules = join(root, "node_modules");
const out = join(here, "../static/built");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { css } = sass.compile(join(here, "site.scss"), {
  loadPaths: [root, modules],
  style: "compressed",
  quietDeps: true,
  silenceDeprecations: ["import", "global-builtin", "if-function"],
});
// The two libraries cannot be configured in one compilation, so MoJ's own build is taken and its typeface replaced.
const moj = readFileSync(join(modules, "@ministryofjustice/frontend/moj/moj-frontend.min.css"), "utf8")
  .replaceAll(/"?GDS Transport"?,\s*arial/gi, "Helvetica,Arial")
  .replaceAll("/assets/images/", "/static/built/images/")
  .replace(/\/\*# sourceMappingURL=.*\*\//, "");
writeFileSync(join(out, "moj.css"), moj);
// No crest, no crown: the rules stay, the picture does not.
writeFileSync(join(out, "site.css"), css.replace(/url\("[^"]*govuk-crest\.svg"\)/g, "none"));
for (const script of ["site.js", "links.js"]) copyFileSync(join(here, script), join(out, script));
for (const script of [
  "govuk-frontend/dist/govuk/govuk-frontend.min.js",
  "@ministryofjustice/frontend/moj/moj-frontend.min.js",
  "cytoscape/dist/cytoscape.min.js",
]) {
  const text = readFileSync(join(modules, script), "utf8").replace(/\/\/# sourceMappingURL=.*/, "");
  writeFileSync(join(out, basename(script)), text);
}
cpSync(join(modules, "@ministryofjustice/frontend/moj/assets/images"), join(out, "images"), { recursive: true });
