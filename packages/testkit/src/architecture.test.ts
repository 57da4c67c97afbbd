import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const packages = fileURLToPath(new URL("../..", import.meta.url));
const core = join(packages, "core", "src");

/** What each folder of core may import, beside itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  ir: [],
  host: ["ir"],
  trace: ["ir"],
  differentiate: ["ir", "trace"],
  lower: ["ir"],
  define: ["ir", "host", "trace", "differentiate", "lower"],
  run: ["ir", "host", "trace", "differentiate", "lower", "define"],
};

describe("core", () => {
  test.each(Object.keys(allowed))("%s imports only what lies before it", (folder) => {
    const wrong = sources(join(core, folder)).flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith("."))
        .map((target) => relative(core, resolve(dirname(file), target)).split(sep)[0]!)
        .filter((to) => to !== folder && !allowed[folder]!.includes(to))
        .map((to) => `${relative(core, file)} -> ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test("has no dependency, and no platform API outside its entries", () => {
    const outside = sources(core)
      .filter((file) => !/[/\\]src[/\\](node|web)\.ts$/.test(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => !target.startsWith("."))
          .map((target) => `${file}: ${target}`),
      );
    expect(outside).toEqual([]);
  });
});

test.each([
  ["backend-ort", /^onnxruntime-common$/],
  ["backend-tfjs", /^@tensorflow\/tfjs-(core|backend-(wasm|webgpu))$/],
])("%s imports core and its runtime, nothing else", (name, runtime) => {
  const others = sources(join(packages, name, "src")).flatMap((file) =>
    importsOf(file).filter(
      (target) => !target.startsWith(".") && !/^@dit\/core(\/internal)?$/.test(target) && !runtime.test(target),
    ),
  );
  expect(others).toEqual([]);
});

test("the evaluation imports core and what unpacks and describes its files", () => {
  const others = sources(join(packages, "eval-fid", "src")).flatMap((file) =>
    importsOf(file).filter(
      (target) =>
        !/^(\.|@dit\/core(\/internal)?$|fflate$|zod$)/.test(target) &&
        !(file.endsWith("node.ts") && target.startsWith("node:")),
    ),
  );
  expect(others).toEqual([]);
});

test("the autoencoders import core alone", () => {
  const others = sources(join(packages, "vae", "src")).flatMap((file) =>
    importsOf(file).filter(
      (target) =>
        !/^(\.|@dit\/core(\/internal)?$)/.test(target) &&
        !(file.endsWith("node.ts") && /^(node:|@dit\/core\/node$)/.test(target)),
    ),
  );
  expect(others).toEqual([]);
});

test("every source file fits in 300 lines", () => {
  const long = readdirSync(packages)
    .flatMap((name) => sources(join(packages, name, "src")))
    .map((file) => `${relative(packages, file)}: ${readFileSync(file, "utf8").split("\n").length - 1}`)
    .filter((entry) => Number(entry.split(": ")[1]) > 300);
  expect(long).toEqual([]);
});

/** The sources below a folder, tests left out. */
function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.(test(-d)?|full)\.ts$/.test(name))
    .map((name) => join(folder, name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^\s*(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"/gms)].map(([, target]) => target!);
}
