import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "@dit/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ditOk, filesUnder } from "./command";

/** A run whose backend is swapped: everything else of its settings stays. */
export interface SwappedRun {
  /** Steps to train; the swap is half-way. */
  readonly steps: number;
  /** What to type after `dit train`. */
  readonly args: readonly string[];
  /** The largest relative distance of two losses of one step. */
  readonly tolerance: number;
}

type Point = Readonly<Record<string, number>>;

/** Settings of the backends that the curves of a run are compared between. */
const backends = {
  ort: { kind: "ort", provider: "cpu" },
  tfjs: { kind: "tfjs", device: "wasm" },
} as const;

type BackendKind = keyof typeof backends;

const swaps = [
  ["ort", "tfjs"],
  ["tfjs", "ort"],
] as const satisfies readonly (readonly [BackendKind, BackendKind])[];

/**
 * Declares tests that train on onnxruntime and on TensorFlow.js, whole and with a swap half-way in both directions, and compare
 * the curves step by step. `makeFolder` makes the folder that the commands are typed in; it is removed at the end.
 */
export function testCurves({ steps, args, tolerance }: SwappedRun, makeFolder: () => string): void {
  let folder: string;
  const half = steps / 2;
  const train = (...more: string[]) => ditOk(folder, ["train", ...more]);
  const every = ["log.everySteps=1", `checkpoint.everySteps=${half}`, "checkpoint.keepLast=2"];

  beforeAll(async () => {
    folder = makeFolder();
    for (const kind of Object.keys(backends) as BackendKind[]) {
      await train(...args, "--name", kind, "--steps", String(steps), ...settings([...every, ...backendSettings(kind)]));
    }
    for (const [from, to] of swaps) {
      const run = `runs/${from}-${to}`;
      cpSync(join(folder, "runs", from), join(folder, run), { recursive: true });
      rmSync(join(folder, run, checkpoint(steps)), { recursive: true });
      await train("--resume", run, ...settings(backendSettings(to)));
    }
  }, minutes(20));
  afterAll(() => rmSync(folder, { recursive: true }));

  const curve = (run: string): Point[] =>
    readFileSync(join(folder, "runs", run, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  const losses = (run: string) => curve(run).map(({ loss }) => loss!);

  it("learns, and writes one line a step", () => {
    const all = Array.from({ length: steps }, (_, i) => i + 1);
    for (const run of ["ort", "tfjs", "ort-tfjs", "tfjs-ort"]) expect(curve(run).map(({ step }) => step)).toEqual(all);
    expect(losses("ort").at(-1)).toBeLessThan(losses("ort")[0]!);
  });

  it("draws one curve on both backends", () => {
    const worst = distance(losses("tfjs"), losses("ort"));
    console.log(`${steps} steps, tfjs against ort: at most ${worst.toExponential(1)} relative`);
    expect(worst).toBeLessThan(tolerance);
  });

  describe.each(swaps)("a run begun on %s and resumed on %s", (from, to) => {
    const swapped = `${from}-${to}`;

    it("keeps what was drawn before", () => {
      expect(curve(swapped).slice(0, half)).toEqual(curve(from).slice(0, half));
    });

    it("continues the curve of each", () => {
      for (const whole of [from, to]) {
        const worst = distance(losses(swapped).slice(half), losses(whole).slice(half));
        console.log(`${swapped} against ${whole}: at most ${worst.toExponential(1)} relative`);
        expect(worst).toBeLessThan(tolerance);
      }
    });

    it("leaves a checkpoint of the same tensors", () => {
      const path = checkpoint(steps);
      expect(filesUnder(join(folder, "runs", swapped, path))).toEqual(filesUnder(join(folder, "runs", from, path)));
      for (const file of ["model", "ema", "optimizer"]) {
        const layout = (run: string) => layoutOf(join(folder, "runs", run, path, `${file}.safetensors`));
        expect(layout(swapped)).toEqual(layout(from));
      }
    });

    it("draws on the backend that it began with", async () => {
      const backend = from === "ort" ? "ort" : "tfjs-wasm";
      const out = `${swapped}.png`;
      await ditOk(folder, ["sample", `runs/${swapped}`, "--backend", backend, "--steps", "2", "--out", out]);
      expect(filesUnder(folder)).toContain(out);
    });
  });
}

function minutes(count: number): number {
  return count * 60_000;
}

function settings(values: readonly string[]): string[] {
  return values.flatMap((value) => ["--set", value]);
}

function backendSettings(kind: BackendKind): string[] {
  return Object.entries(backends[kind]).map(([key, value]) => `backend.${key}=${value}`);
}

function checkpoint(step: number): string {
  return `checkpoints/step-${String(step).padStart(6, "0")}`;
}

/** The largest relative distance of `a` from `b`, point by point. */
function distance(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((x, i) => Math.abs(x / b[i]! - 1)));
}

function layoutOf(file: string) {
  const { tensors, metadata } = readSafetensors(readFileSync(file));
  return { metadata, tensors: [...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]) };
}
