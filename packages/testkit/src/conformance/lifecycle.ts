import {
  type Dataset,
  diffusionDefaults,
  ditConfig,
  f32,
  hostF32,
  type Model,
  sample,
  type TrainOptions,
  trace,
  train,
} from "@dit/core";
import { disposeAll } from "@dit/core/internal";
import { expect } from "vitest";
import { formulaInput, formulaWeights } from "../formula";
import { readAll, runOn } from "./runs";
import { recurrence, recurrenceCarry, recurrenceConstants, recurrenceXs } from "./scans";
import type { Suite } from "./suite";

const dit = ditConfig(undefined, {
  inputSize: [4, 4],
  inChannels: 2,
  hiddenSize: 16,
  depth: 1,
  heads: 2,
  numClasses: 3,
});
const model: Model = { config: { dit, diffusion: diffusionDefaults }, weights: formulaWeights(dit) };

const data: Dataset = {
  imageShape: [2, 4, 4],
  classNames: ["a", "b", "c"],
  size: 6,
  flip: false,
  label: (index) => index % 3,
  read: (index, out, offset) => out.set(formulaInput(`image ${index}`, [2, 4, 4]).data, offset),
};

const square = trace("square", { x: f32([3, 3]) }, ({ x }) => ({ y: x.matmul(x) }));
const inputs = Array.from({ length: 6 }, (_, i) => formulaInput(`x${i}`, [3, 3]));

/** Runs that end early, fail, or overlap: nothing leaks, and nothing mixes. */
export function testLifecycle({ check, tolerance }: Suite): void {
  check("a sampling run that is cancelled leaves no tensor behind", async (backend) => {
    const before = backend.memory();
    const stop = new AbortController();
    const steps: number[] = [];
    const drawing = sample(model, {
      backend,
      classes: [1],
      steps: 30,
      signal: stop.signal,
      onStep: (step) => {
        steps.push(step);
        stop.abort(new Error("enough"));
      },
    });
    await expect(drawing).rejects.toThrow("enough");
    // It stops where a call of the backend ends.
    expect(steps).toHaveLength(1);
    expect(backend.memory()).toEqual(before);
  });

  const training = {
    model: model.config,
    data,
    steps: 6,
    batchSize: 2,
    stepsPerCall: 2,
  } satisfies Partial<TrainOptions>;

  check("a training run that is cancelled has its state, and leaves no tensor behind", async (backend) => {
    const before = backend.memory();
    const stop = new AbortController();
    const onMetrics = ({ step }: { step: number }) => {
      if (step === 2) stop.abort();
    };
    const { state } = await train({ ...training, backend, signal: stop.signal, onMetrics });
    expect(state.step).toBe(2);
    expect(backend.memory()).toEqual(before);
  });

  check("a training run that throws leaves no tensor behind", async (backend) => {
    const before = backend.memory();
    const onMetrics = ({ step }: { step: number }) => {
      if (step === 3) throw new Error("a full disk");
    };
    await expect(train({ ...training, backend, onMetrics })).rejects.toThrow("a full disk");
    expect(backend.memory()).toEqual(before);
  });

  check("a scan that throws leaves its inputs as they were, and nothing else", async (backend) => {
    const executable = await backend.compileScan(recurrence);
    const [x, stale] = [await backend.upload(recurrenceCarry.x), await backend.upload(recurrenceConstants.w)];
    stale.dispose();
    const before = backend.memory();
    const constants = { ...recurrenceConstants, w: stale };
    const run = executable.run({ constants, carry: { ...recurrenceCarry, x }, xs: recurrenceXs(2) });
    await expect(run).rejects.toThrow(/disposed/);
    expect(backend.memory()).toEqual(before);
    expect((await x.read()).data).toEqual(recurrenceCarry.x.data);
    x.dispose();
    await executable.dispose();
  });

  check("runs that are asked for at once give what they give alone", async (backend) => {
    const alone = [];
    for (const x of inputs) alone.push((await runOn(backend, square, { x })).y!.data);
    const executable = await backend.compile(square);
    const scan = await backend.compileScan(recurrence, { constants: recurrenceConstants });
    const scanned = scan.run({ carry: recurrenceCarry, xs: recurrenceXs(3) });
    const together = await Promise.all(inputs.map((x) => executable.run({ x })));
    expect((await Promise.all(together.map(readAll))).map(({ y }) => y!.data)).toEqual(alone);
    const again = scan.run({ carry: recurrenceCarry, xs: recurrenceXs(3) });
    const [first, second] = [await scanned, await again];
    expect(await readAll(first.carry)).toEqual(await readAll(second.carry));
    for (const tensors of [...together, first.carry, first.ys, second.carry, second.ys]) disposeAll(tensors);
    await executable.dispose();
    await scan.dispose();
  });

  check("fifty executables, made, run and disposed of, leave nothing", async (backend) => {
    const before = backend.memory();
    for (let i = 0; i < 50; i++) {
      const x = hostF32([3, 3], inputs[i % inputs.length]!.data);
      const { y } = await runOn(backend, square, { x });
      expect(Math.abs(y!.data[0]! - firstOfSquare(x.data))).toBeLessThan(10 * Math.max(tolerance, 1e-7));
    }
    expect(backend.memory()).toEqual(before);
  });
}

function firstOfSquare(x: ArrayLike<number>): number {
  return x[0]! * x[0]! + x[1]! * x[3]! + x[2]! * x[6]!;
}
