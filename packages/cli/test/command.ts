import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What `npm test` has built: these tests type what a user types. */
export const builtCommand = fileURLToPath(new URL("../bin/dit.js", import.meta.url));

export interface Outcome {
  /** The exit code, or the signal that ended the process. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Another installation of the command. */
  readonly command?: string;
}

/** Starts `dit` in the folder `cwd`. */
export function start(
  cwd: string,
  args: readonly string[],
  { env = {}, command = builtCommand }: Surroundings = {},
): Started {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("DIT_"));
  const child = spawn(process.execPath, [command, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => (text.stdout += data));
  child.stderr.on("data", (data) => (text.stderr += data));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? signal!, ...text }));
  });
  return { child, outcome };
}

/** Runs `dit` to its end. */
export function dit(cwd: string, args: readonly string[], surroundings?: Surroundings): Promise<Outcome> {
  return start(cwd, args, surroundings).outcome;
}

/** Runs `dit` and returns what it printed. @throws Error when it failed */
export async function ditOk(cwd: string, args: readonly string[], surroundings?: Surroundings): Promise<string> {
  const { code, stdout, stderr } = await dit(cwd, args, surroundings);
  if (code !== 0) throw new Error(`dit ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Looks again and again without a pause: what is waited for may last a millisecond. @throws Error when the process ends before */
export async function until(isNow: () => boolean, outcome: Promise<Outcome>, name = "it"): Promise<void> {
  let ended: Outcome | undefined;
  void outcome.then((result) => {
    ended = result;
  });
  while (!isNow()) {
    if (ended !== undefined) throw new Error(`the run ended with ${ended.code} before ${name}: ${ended.stderr}`);
    await new Promise(setImmediate);
  }
}

/** Every file under `folder` by its path from there, with slashes, sorted. */
export function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? filesUnder(join(folder, entry.name)).map((name) => `${entry.name}/${name}`) : entry.name,
    )
    .sort();
}

/** The hash of every file under `folder`: equal before and after means that nothing was touched. */
export function hashesUnder(folder: string): Record<string, string> {
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(filesUnder(folder).map((name) => [name, hash(name)]));
}
