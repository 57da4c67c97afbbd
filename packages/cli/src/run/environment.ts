import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";

/** The contents of `env.json`: what a result may depend on besides its settings. No user, machine or folder names. */
export interface Environment {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Installed versions; null for a package that is not there. */
  readonly packages: Readonly<Record<string, string | null>>;
  /** The commit of the working folder, `-dirty` when tracked files differ from it; absent outside git. */
  readonly commit?: string;
}

/**
 * Describes this machine and process. `packages` are looked up from `from` (a file or its URL), as an import there would find them.
 */
export function environment(packages: readonly string[], from: string | URL = import.meta.url): Environment {
  const require = createRequire(from);
  const commit = gitCommit(process.cwd());
  return {
    node: process.versions.node,
    platform: `${platform()} ${arch()} ${release()}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    packages: Object.fromEntries(packages.map((name) => [name, installedVersion(require, name)])),
    ...(commit !== undefined && { commit }),
  };
}

/** The contents of a run's `env.json`. */
export function environmentText(): string {
  return `${JSON.stringify(environment(runtimes), null, 2)}\n`;
}

/** The packages that a run's numbers depend on. */
const runtimes = [
  "@dit/core",
  "@dit/vae",
  "@dit/backend-ort",
  "onnxruntime-node",
  "@dit/backend-tfjs",
  "@tensorflow/tfjs-core",
];

/** An environment as rows of a table for people. */
export function environmentRows(env: Environment): Record<string, string> {
  const packages = Object.entries(env.packages).map(([name, version]) => [name, version ?? "not installed"] as const);
  return {
    Node: env.node,
    System: env.platform,
    Processor: env.cpu,
    Cores: String(env.cores),
    Memory: `${(env.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    ...Object.fromEntries(packages),
    ...(env.commit !== undefined && { Commit: env.commit }),
  };
}

/** Reads the manifest from the folders themselves: `exports` of a package may hide its package.json from `require`. */
function installedVersion(require: NodeJS.Require, name: string): string | null {
  for (const folder of require.resolve.paths(name) ?? []) {
    const manifest = join(folder, name, "package.json");
    if (!existsSync(manifest)) continue;
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version?: string };
    return version ?? null;
  }
  return null;
}

function gitCommit(folder: string): string | undefined {
  const git = (...args: string[]) => {
    return execFileSync("git", args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 5000,
    });
  };
  try {
    const commit = git("rev-parse", "HEAD").trim();
    const dirty = git("status", "--porcelain", "--untracked-files=no").trim() !== "";
    return dirty ? `${commit}-dirty` : commit;
  } catch {
    return undefined;
  }
}
