import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readSafetensors, uniform } from "@dit/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dit, ditOk, filesUnder, hashesUnder, type Outcome, start, until } from "./command";
import { workFolder } from "./workFolder";

// Logging, saving and the calls to the backend are out of step with each other on purpose.
const settings = {
  train: { steps: 300, batchSize: 4, learningRate: 0.001, ema: { decay: 0.9 }, stepsPerCall: 7 },
  sample: { everySteps: 100, steps: 2, perClass: 1 },
  checkpoint: { everySteps: 10, keepLast: 3, keepEvery: 100 },
  log: { everySteps: 4 },
};

let folder: string;
/** A run that nothing disturbed. */
const whole = "runs/whole";

beforeAll(async () => {
  folder = workFolder(settings);
  await ditOk(folder, ["train", "--config", "tiny.json", "--name", "whole"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a run killed with SIGKILL", () => {
  it("goes on, as often as it is killed, and ends as if nothing had happened", async () => {
    const run = "runs/killed";
    const moments = [whileWriting, afterSaving, atRandom(0), whileRemoving, whileWriting, atRandom(1)];
    let leftHalfDone = 0;
    for (const [i, moment] of moments.entries()) {
      const args = i === 0 ? ["--config", "tiny.json", "--name", "killed"] : ["--resume", run];
      const { code, stderr } = await killAt(["train", ...args], run, moment);
      expect([i, code, stderr]).toEqual([i, "SIGKILL", expect.not.stringContaining("error")]);
      expectWholeCheckpoints(run);
      leftHalfDone += unfinished(run).length;
    }
    // Otherwise the kills came too late to show anything.
    expect(leftHalfDone).toBeGreaterThan(0);
    await ditOk(folder, ["train", "--resume", run]);
    expectSameAsWhole(run);
    expect(filesUnder(join(folder, run)).filter((name) => /\.tmp$|\.unfinished/.test(name))).toEqual([]);
  });

  it("goes on after a kill between the deletions of old checkpoints", async () => {
    const run = copyOfWhole("retention");
    // So many that deleting them takes longer than the turn of a process on a busy machine.
    for (let step = 101; step < 250; step++) copyCheckpoint(run, 100, step);
    const more = [
      "train",
      "--resume",
      run,
      "--steps",
      "310",
      "--set",
      "checkpoint.keepLast=1",
      "--set",
      "checkpoint.best=false",
    ];
    const before = steps(run).length;
    const { code } = await killAt([...more, "--set", "checkpoint.keepEvery=null"], run, {
      name: "first deletion",
      isNow: () => steps(run).length < before && steps(run).includes(310),
    });
    expect(code).toBe("SIGKILL");
    expectWholeCheckpoints(run);
    expect(steps(run).length).toBeGreaterThan(1);
    await ditOk(folder, ["train", "--resume", run]);
    expect(steps(run)).toEqual([310]);
  });

  it("carries the means behind the next line of metrics over", async () => {
    // A validation loss would begin a new line with each checkpoint.
    const unmeasured = ["train", "--config", "tiny.json", "--set", "validation=0", "--name"];
    await ditOk(folder, [...unmeasured, "unmeasured"]);
    expect((await killAt([...unmeasured, "means"], "runs/means", afterSaving)).code).toBe("SIGKILL");
    expect((await killAt(["train", "--resume", "runs/means"], "runs/means", atRandom(2))).code).toBe("SIGKILL");
    await ditOk(folder, ["train", "--resume", "runs/means"]);
    expectSame("runs/means", "runs/unmeasured");
  });

  it("starts again when it was killed before its first checkpoint", async () => {
    const run = "runs/early";
    const isNow = () => existsSync(join(folder, run, "metrics.jsonl"));
    const args = ["train", "--config", "tiny.json", "--name", "early", "--set", "checkpoint.everySteps=300"];
    expect((await killAt([...args, "--set", "validation=0"], run, { name: "first metrics", isNow })).code).toBe(
      "SIGKILL",
    );
    expect(steps(run)).toEqual([]);
    const { code, stderr } = await dit(folder, ["sample", run]);
    expect([code, stderr]).toEqual([2, "error: runs/early holds no checkpoint; the run has not saved one yet\n"]);
    await ditOk(folder, ["report", run]);
    await ditOk(folder, ["train", "--resume", run]);
    expect(steps(run)).toEqual([300]);
    expect(metrics(run).map(({ step }) => step)).toEqual(Array.from({ length: 75 }, (_, i) => 4 * (i + 1)));
  });
});

// Windows has no signals that a process could catch.
describe.skipIf(process.platform === "win32")("a run stopped with a signal", () => {
  async function stop(run: string, signal: NodeJS.Signals): Promise<Outcome> {
    const { child, outcome } = start(folder, ["train", "--config", "tiny.json", "--name", run.slice("runs/".length)]);
    await until(() => metrics(run).length > 10, outcome);
    child.kill(signal);
    return outcome;
  }

  it("saves after SIGINT, exits with 130 and can go on", async () => {
    const run = "runs/interrupted";
    const { code, stderr } = await stop(run, "SIGINT");
    const step = steps(run).at(-1)!;
    expect(stderr).toContain(`stopped at step ${step}; continue with: dit train --resume ${run}\n`);
    expect([code, step]).toEqual([130, Math.min(step, 299)]);
    await ditOk(folder, ["train", "--resume", run]);
    expectSameAsWhole(run);
  });

  it("saves after SIGTERM and exits with 143", async () => {
    expect((await stop("runs/terminated", "SIGTERM")).code).toBe(143);
    expectWholeCheckpoints("runs/terminated");
  });
});

describe("a resumed run", () => {
  it("neither lists nor loads half-written checkpoints, and clears them away", async () => {
    const run = copyOfWhole("litter");
    const half = join(folder, run, "checkpoints", ".unfinished-step-000999");
    mkdirSync(half);
    writeFileSync(join(half, "ema.safetensors"), "half");
    for (const name of [".report.html.77-0a1b2c3d.tmp", "samples/.step-000100.png.77-0a1b2c3d.tmp"]) {
      writeFileSync(join(folder, run, name), "half");
    }
    const inspected = JSON.parse(await ditOk(folder, ["inspect", run, "--json"]));
    expect(inspected.file).toMatch(/step-000300.ema\.safetensors$/);
    await ditOk(folder, ["train", "--resume", run]);
    expectSameAsWhole(run);
    expect(existsSync(half)).toBe(false);
    expect(filesUnder(join(folder, run)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("keeps the origins of its settings, but for those that are given anew", async () => {
    const run = copyOfWhole("origins");
    await ditOk(folder, ["train", "--resume", run, "--set", "log.everySteps=5"], { env: { DIT_TRAIN_WARMUP: "3" } });
    const { $origins } = JSON.parse(readFileSync(join(folder, run, "config.json"), "utf8"));
    expect($origins).toMatchObject({
      name: "flag --name",
      "train.steps": "file tiny.json",
      "train.seed": "default",
      "log.everySteps": "--set",
      "train.warmup": "env DIT_TRAIN_WARMUP",
    });
  });

  it("takes a metrics line that was cut off for not written", async () => {
    const run = copyOfWhole("cutoff");
    const file = join(folder, run, "metrics.jsonl");
    writeFileSync(file, `${readFileSync(file, "utf8")}{"step":304,"lo`);
    await ditOk(folder, ["train", "--resume", run]);
    expectSameAsWhole(run);
  });

  it.each<[string, string[], string, (run: string) => void]>([
    [
      "of another size",
      ["--set", "model.hiddenSize=32"],
      "the checkpoint is a model of hiddenSize 16, this run's is 32",
      () => {},
    ],
    [
      "with fewer steps than taken",
      ["--steps", "30"],
      "train.steps is 30, but the run has taken 300 steps already",
      () => {},
    ],
    ["on other images", ["--set", "validation=0.3"], "folder:data does not hold the training images", () => {}],
    [
      "with a config file",
      ["--config", "tiny.json"],
      "'--resume <run>' cannot be used with option '--config <file>'",
      () => {},
    ],
    [
      "with a damaged checkpoint",
      [],
      "step-000300/optimizer.safetensors: safetensors: truncated",
      (run) => truncateSync(join(folder, run, "checkpoints/step-000300/optimizer.safetensors"), 4),
    ],
    [
      "with a checkpoint of a later version",
      [],
      "step-000300 has format version 2, this program reads 1",
      (run) => writeFileSync(join(folder, run, "checkpoints/step-000300/state.json"), '{"formatVersion":2}'),
    ],
  ])("%s is refused and stays as it was", async (name, args, message, damage) => {
    const run = copyOfWhole(name.replaceAll(" ", "-"));
    damage(run);
    const before = hashesUnder(join(folder, run));
    const { code, stdout, stderr } = await dit(folder, ["train", "--resume", run, ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.replaceAll("\\", "/")).toContain(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(hashesUnder(join(folder, run))).toEqual(before);
  });
});

/** A moment at which a run is killed. */
interface Moment {
  readonly name: string;
  /** Whether it has come; `since` is what the run's folder held when the process started. */
  isNow(run: string, since: readonly number[]): boolean;
  /** Milliseconds to wait then. */
  readonly delay?: number;
}

const whileWriting: Moment = {
  name: "while a checkpoint is being written",
  isNow: (run, since) => unfinished(run).some((step) => step > Math.max(0, ...steps(run), ...since)),
};

const whileRemoving: Moment = {
  name: "while an old checkpoint is being removed",
  isNow: (run, since) => unfinished(run).some((step) => step < Math.max(0, ...steps(run))) && hasNew(run, since),
};

const afterSaving: Moment = { name: "after a checkpoint", isNow: (run, since) => hasNew(run, since) };

function atRandom(sample: number): Moment {
  const delay = uniform({ seed: 1, stream: "kill", step: 0, sample }, 1)[0]! * 60;
  return { name: `${delay.toFixed(0)} ms after a checkpoint`, isNow: hasNew, delay };
}

function hasNew(run: string, since: readonly number[]): boolean {
  return steps(run).some((step) => step > Math.max(0, ...since));
}

async function killAt(args: readonly string[], run: string, { name, isNow, delay }: Moment): Promise<Outcome> {
  const since = steps(run);
  const { child, outcome } = start(folder, args);
  await until(() => isNow(run, since), outcome, name);
  if (delay !== undefined) await sleep(delay);
  child.kill("SIGKILL");
  return outcome;
}

function copyOfWhole(name: string): string {
  cpSync(join(folder, whole), join(folder, "runs", name), { recursive: true });
  return `runs/${name}`;
}

function checkpointPath(run: string, step: number): string {
  return join(folder, run, "checkpoints", `step-${String(step).padStart(6, "0")}`);
}

function copyCheckpoint(run: string, from: number, to: number): void {
  cpSync(checkpointPath(run, from), checkpointPath(run, to), { recursive: true });
  const state = join(checkpointPath(run, to), "state.json");
  writeFileSync(state, JSON.stringify({ ...JSON.parse(readFileSync(state, "utf8")), step: to }));
}

function checkpointNames(run: string): string[] {
  const path = join(folder, run, "checkpoints");
  return existsSync(path) ? readdirSync(path).sort() : [];
}

/** The steps of a run's checkpoints. */
function steps(run: string): number[] {
  return checkpointNames(run).flatMap((name) => (name.startsWith("step-") ? [Number(name.slice(5))] : []));
}

/** The steps of those that are being written or removed. */
function unfinished(run: string): number[] {
  const prefix = ".unfinished-step-";
  return checkpointNames(run).flatMap((name) => (name.startsWith(prefix) ? [Number(name.slice(prefix.length))] : []));
}

interface Line {
  readonly step: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
}

function metrics(run: string): Line[] {
  const file = join(folder, run, "metrics.jsonl");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  // What follows the last line break is still being written.
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function expectWholeCheckpoints(run: string): void {
  for (const step of steps(run)) {
    const path = checkpointPath(run, step);
    const tensors = ["ema", "model", "optimizer"].map((name) => `${name}.safetensors`);
    expect(readdirSync(path).sort()).toEqual([...tensors, "state.json"]);
    for (const name of tensors) expect(readSafetensors(readFileSync(join(path, name))).tensors.size).toBeGreaterThan(0);
    expect(JSON.parse(readFileSync(join(path, "state.json"), "utf8"))).toMatchObject({ step });
  }
}

function expectSameAsWhole(run: string): void {
  expectSame(run, whole);
}

/** Bit for bit, except for what tells the time. */
function expectSame(run: string, other: string): void {
  const timeless = (path: string) => metrics(path).map(({ seconds: _, imagesPerSecond: __, ...line }) => line);
  const drawn = (path: string) => hashesUnder(join(folder, path, "samples"));
  const saved = (path: string) => {
    const hashes = Object.entries(hashesUnder(join(folder, path, "checkpoints")));
    return Object.fromEntries(hashes.filter(([name]) => name.endsWith(".safetensors")));
  };
  expect(timeless(run)).toEqual(timeless(other));
  expect(timeless(run).map(({ step }) => step)).toEqual([...new Set(timeless(run).map(({ step }) => step))]);
  expect(saved(run)).toEqual(saved(other));
  expect(drawn(run)).toEqual(drawn(other));
}
