import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const packages = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Installs the built packages in a folder of their own for one test, as npm would, without onnxruntime-node and without the packages
 * in `without`. Returns the path of its `dit` and of its node_modules.
 */
export function install(without: readonly string[] = []): { readonly command: string; readonly modules: string } {
  const folder = mkdtempSync(join(tmpdir(), "dit-install-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const modules = join(folder, "node_modules");
  for (const name of ["core", "backend-ort", "backend-tfjs", "eval-fid", "vae", "cli"]) {
    const manifest = readFileSync(join(packages, name, "package.json"), "utf8");
    mkdirSync(join(modules, "@dit", name), { recursive: true });
    writeFileSync(join(modules, "@dit", name, "package.json"), manifest);
    for (const part of ["dist", "bin"].filter((part) => existsSync(join(packages, name, part)))) {
      cpSync(join(packages, name, part), join(modules, "@dit", name, part), { recursive: true });
    }
    for (const dependency of Object.keys(JSON.parse(manifest).dependencies ?? {})) {
      if (!dependency.startsWith("@dit/") && !without.includes(dependency)) link(name, dependency, modules);
    }
  }
  return { command: join(modules, "@dit", "cli", "bin", "dit.js"), modules };
}

/** Puts `source` into node_modules as the ES module `name`. */
export function addModule(modules: string, name: string, source: string): void {
  mkdirSync(join(modules, name));
  writeFileSync(
    join(modules, name, "package.json"),
    JSON.stringify({ name, version: "0.0.0", type: "module", exports: "./index.js" }),
  );
  writeFileSync(join(modules, name, "index.js"), source);
}

function link(dependent: string, name: string, modules: string): void {
  const folders = createRequire(join(packages, dependent, "package.json")).resolve.paths(name)!;
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))!;
  const target = join(modules, name);
  mkdirSync(dirname(target), { recursive: true });
  // A junction on Windows, where links to folders need no rights as such.
  if (!existsSync(target)) symlinkSync(found, target, "junction");
}
