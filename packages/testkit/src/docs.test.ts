import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Pages whose code is one story, and what it prints. */
const pages: readonly (readonly [page: string, printed: readonly string[]])[] = [
  ["README.md", ["2,1,8,8"]],
  ["packages/vae/README.md", ["latent 1x4x8x8", "picture 1x3x16x16"]],
  ["packages/eval-fid/README.md", ["FID 4.", "precision 0."]],
  ["docs/how-a-dit-runs.md", ["graph gate(", "reference", "ort-cpu"]],
  ["docs/training.md", ["the same loss"]],
];

/** Pages each of whose sections stands alone, and what those print. */
const sections: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "docs/extending.md": {
    "A block": ["2216448", "reference", "ort-cpu"],
    "A sampler": ["Adams-Bashforth has order 2.0"],
    "A prediction type, a path, a weighting": ["image 1.500000 1.500000", "soft 0.010 0.01 5.000 5"],
  },
};

test.each(pages)("the code in %s runs", (page, printed) => runs(codeOf(read(page)), printed));

describe.each(Object.entries(sections))("%s", (page, expected) => {
  const found = read(page)
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf("\n")), codeOf(text)] as const)
    .filter(([, code]) => code !== "");

  test("has no code that is not run", () => {
    expect(found.map(([title]) => title)).toEqual(Object.keys(expected));
  });

  test.each(found)("the code in %s runs", (title, code) => runs(code, expected[title]!));
});

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

function codeOf(text: string): string {
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block).join("\n");
}

/** What is shown to readers must run: code blocks, joined into one module. */
async function runs(code: string, expected: readonly string[]): Promise<void> {
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
}
