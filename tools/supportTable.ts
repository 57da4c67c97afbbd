// Runs the conformance suite on every backend that has one, in Node and in the pages of an installed Chromium, and writes what
// was seen into docs/support.md. It takes ten minutes.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokenFiles, isFailed, type Report, testsOf } from "./support/report";

/** Arguments of vitest that run every file once: two of the configurations hold what takes longer, and what runs in a page. */
const runs = [
  ["conformance", "webgpu"],
  ["--config", "vitest.full.config.ts", "webgpu.full"],
  ["--config", "vitest.browser.config.ts", "wasm", "webgl", "webgpu"],
] as const;

const file = "docs/support.md";
const reports = runs.map(runSuite);
const broken = reports.flatMap(brokenFiles);
if (broken.length > 0) {
  // A table without them would look as if there were no such backends.
  console.error(`${broken.join("\n")}\n${file} is left as it was`);
  process.exit(4);
}
const seen = reports.flatMap(testsOf);
const backends = [...new Set(seen.map(({ ancestorTitles }) => ancestorTitles[0]!))].sort();
const parts = [...new Set(seen.map(({ ancestorTitles }) => ancestorTitles[1]!))];

const rows = parts.map((part) => [part, ...backends.map((backend) => cell(backend, part))]);
const skips = seen.filter(({ status }) => status === "skipped" || status === "pending");
writeFileSync(
  file,
  `# What runs where

Made by \`npm run support\`, which runs one suite (\`packages/testkit/src/conformance\`) on every backend: each operation's
values and gradients against the float64 reference, native composites against their decompositions, scans, ownership of
memory, errors, and whole models. A cell counts the tests that passed. webgpu ran on SwiftShader, the software driver that comes
with Chromium, and so did webgl where there was no GPU. onnxruntime's provider cuda, which needs one, is not in the table.

${table([["", ...backends.map((name) => name.replace(/^the backend /, ""))], ...rows])}

## Skipped, and why

${skips.length === 0 ? "Nothing." : skips.map(({ ancestorTitles: [backend], title }) => `- ${backend}: ${title}`).join("\n")}
`,
);
const failed = seen.filter(isFailed);
for (const { ancestorTitles, title } of failed) console.error(`failed: ${[...ancestorTitles, title].join(", ")}`);
console.log(
  `${file}: ${backends.length} backends, ${seen.length} tests, ${failed.length} failed, ${skips.length} skipped`,
);
process.exitCode = failed.length === 0 ? 0 : 4;

function runSuite(args: readonly string[]): Report {
  const folder = mkdtempSync(join(tmpdir(), "dit-support-"));
  try {
    return reportOf(args, join(folder, "report.json"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function reportOf(args: readonly string[], file: string): Report {
  try {
    execFileSync("npx", ["vitest", "run", ...args, "--reporter=json", `--outputFile=${file}`], {
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
    });
  } catch (error) {
    // A failed test or file fails the command, and is in the report all the same.
    if ((error as { status?: number }).status !== 1) throw error;
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

function cell(backend: string, part: string): string {
  const tests = seen.filter(({ ancestorTitles }) => ancestorTitles[0] === backend && ancestorTitles[1] === part);
  const passed = tests.filter(({ status }) => status === "passed").length;
  return passed === tests.length ? `${passed}` : `${passed} of ${tests.length}`;
}

/** With columns of equal width, as the formatter leaves it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(rows[0]!), line(rule), ...rows.slice(1).map(line)].join("\n");
}
