import {
  type Backend,
  type Dataset,
  diffusionDefaults,
  ditConfig,
  ditSpec,
  flowDefaults,
  hostF32,
  initialize,
  type ModelConfig,
  reference,
  type TrainOptions,
  train,
  UnsupportedError,
  type Weights,
} from "@dit/core";
import { expect } from "vitest";
import { formulaInput, formulaParameter } from "../formula";
import { expectClose } from "./runs";
import type { Suite } from "./suite";

const model: ModelConfig = {
  dit: ditConfig(undefined, { inputSize: [8, 8], inChannels: 2, hiddenSize: 32, depth: 2, heads: 4, numClasses: 5 }),
  diffusion: diffusionDefaults,
};

const data: Dataset = {
  imageShape: [2, 8, 8],
  classNames: ["a", "b", "c", "d", "e"],
  size: 12,
  flip: true,
  label: (index) => index % 5,
  read: (index, out, offset) =>
    out.set(
      formulaInput(`image ${index}`, [2, 8, 8]).data.map((x) => x / 2),
      offset,
    ),
};

/** Twenty steps, each of whose losses must be the reference's. */
export function testTraining({ check, tolerance }: Suite): void {
  const ways: readonly (readonly [way: string, changes: Partial<TrainOptions>])[] = [
    ["", {}],
    [", a batch in two parts", { accumulate: 2 }],
    [", blocks computed again", { checkpoint: true }],
    [", both", { accumulate: 2, checkpoint: true }],
  ];
  // Neither way changes a gradient by more than rounding, so one run of the reference is what all are compared with.
  let curve: ReturnType<typeof lossCurve> | undefined;
  const oracle = () => (curve ??= lossCurve(reference(), {}));
  for (const [way, changes] of ways) {
    check(`the losses of twenty training steps${way}`, async (backend) => {
      const [{ losses, final }, expected] = [await lossCurve(backend, changes), await oracle()];
      expect(losses).toHaveLength(20);
      losses.forEach((loss, i) => {
        expect(Math.abs(loss / expected.losses[i]! - 1), `loss of step ${i + 1}`).toBeLessThan(1e-4);
      });
      const names = Object.keys(final).filter((name) => !name.endsWith("qkv.bias"));
      for (const name of names) expectClose({ [name]: final[name]! }, { [name]: expected.final[name]! }, 0.01);
    });
  }

  check("the losses of twenty training steps of a flow, a batch in two parts", async (backend) => {
    const changes = { model: { ...model, diffusion: flowDefaults } };
    const [{ losses }, expected] = [
      await lossCurve(backend, { ...changes, accumulate: 2 }),
      await lossCurve(reference(), changes),
    ];
    expect(losses).toHaveLength(20);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / expected.losses[i]! - 1), `loss of step ${i + 1}`).toBeLessThan(1e-4);
    });
  });

  check("a batch in four parts has the gradients of the whole batch", async (backend) => {
    const [whole, parts] = [await firstMoments(backend, 1), await firstMoments(backend, 4)];
    for (const [name, { data }] of Object.entries(whole)) {
      const largest = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const worst = data.reduce((most, x, i) => Math.max(most, Math.abs(x - parts[name]!.data[i]!)), 0);
      // A key's bias shifts all scores of a row alike: its gradient is rounding and nothing else.
      if (!name.endsWith("qkv.bias")) expect(worst, name).toBeLessThanOrEqual(Math.max(1e-6, tolerance) * largest);
    }
  });

  check("training in f16 stays near training in f32, or is refused", async (backend) => {
    if (!backend.capabilities.dtypes.includes("f16")) {
      return expect(lossCurve(backend, { precision: "f16" })).rejects.toThrow(UnsupportedError);
    }
    const [{ losses, scale }, wide] = [await lossCurve(backend, { precision: "f16" }), await oracle()];
    expect(scale).toBe(2 ** 16);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / wide.losses[i]! - 1), `loss of step ${i + 1}`).toBeLessThan(0.01);
    });
    expect(losses).not.toEqual(wide.losses);
  });
}

async function lossCurve(backend: Backend, changes: Partial<TrainOptions>) {
  const losses: number[] = [];
  const { state } = await train({
    model,
    data,
    backend,
    steps: 20,
    batchSize: 4,
    learningRate: 1e-3,
    gradientClip: 1,
    ema: { decay: 0.9 },
    stepsPerCall: 6,
    validation: { data, batchSize: 4, batches: 1 },
    onMetrics: ({ loss }) => losses.push(loss),
    ...changes,
  });
  return { losses, final: state.ema, scale: state.lossScale?.scale };
}

/** AdamW's first moments after one step: a tenth of the gradients. */
async function firstMoments(backend: Backend, accumulate: number): Promise<Weights> {
  const weights = Object.fromEntries(
    Object.entries(initialize(ditSpec(model.dit), 0)).map(([name, { shape, data }]) => [
      name,
      // Fresh gates are 0 and let no gradient through.
      data.every((x) => x === 0) ? formulaParameter(name, shape) : hostF32(shape, data),
    ]),
  );
  const { state } = await train({
    model,
    data,
    backend,
    steps: 1,
    batchSize: 8,
    init: weights,
    ema: { decay: 0 },
    accumulate,
  });
  return state.m;
}
