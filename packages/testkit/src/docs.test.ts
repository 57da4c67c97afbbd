import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What is shown to readers must run: the code blocks of a page, joined into one module. */
test.each([
  ["README.md", ["2,1,8,8"]],
  ["packages/eval-fid/README.md", ["FID 4.", "precision 0."]],
  ["docs/how-a-dit-runs.md", ["graph gate(", "reference", "ort-cpu"]],
])("the code in %s runs", async (page, expected) => {
  const text = readFileSync(join(root, page), "utf8");
  const code = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block).join("\n");
  // Inside the package, so that the imports are found as a user's would be.
  const folder = mkdtempSync(join(root, "packages", "testkit", ".snippets-"));
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values) => {
    printed.push(values.map(String).join(" "));
  });
  try {
    writeFileSync(join(folder, "snippets.ts"), `${code}\nexport {};\n`);
    await import(/* @vite-ignore */ join(folder, "snippets.ts"));
  } finally {
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
  for (const line of expected) expect(printed.join("\n")).toContain(line);
});
