import { type AdamWConfig, type Backend, hostF32, hostZeros } from "@dit/core";
import { adamwScalarsAt, prefixed, splitFixed, trainStep } from "@dit/core/internal";
import { absolute, type Findings } from "./check";
import { evaluateScan, type Results, stacked } from "./evaluate";
import type { Fixture, Values } from "./fixture";
import { modelOf, weightsOf } from "./network";

interface OfficialOptimizer {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weight_decay: number;
}

/** Optimiser steps from the formula weights: losses, gradient norms, and where weights and their average end up. */
export async function ditTrain(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const config = modelOf(fixture);
  const steps = fixture.setting<number>("steps");
  const { trained, fixed } = splitFixed(config, weightsOf(config.dit, fixture));
  const { learningRate, ...optimizer } = optimizerOf(fixture);
  const batches = {
    x0: stacked(steps, (k) => fixture.f32(`input.x0.${k}`)),
    noise: stacked(steps, (k) => fixture.f32(`input.noise.${k}`)),
    step: stacked(steps, (k) => fixture.i32(`input.t.${k}`)),
    y: stacked(steps, (k) => fixture.i32(`input.y.${k}`)),
  };
  const scalars = Array.from({ length: steps }, (_, k) => adamwScalarsAt(k + 1, learningRate, optimizer));
  const column = (name: keyof (typeof scalars)[number]) =>
    hostF32(
      [steps],
      scalars.map((row) => row[name]),
    );
  const zeros = Object.fromEntries(Object.entries(trained).map(([name, { shape }]) => [name, hostZeros("f32", shape)]));

  const scan = trainStep(config, { batchSize: batches.y.shape[1]!, adamw: optimizer });
  const { carry, ys } = await evaluateScan(backend, scan, {
    constants: prefixed("fixed", fixed),
    carry: {
      ...prefixed("params", trained),
      ...prefixed("m", zeros),
      ...prefixed("v", zeros),
      ...prefixed("ema", trained),
    },
    xs: {
      ...prefixed("batch", batches),
      ...prefixed("adamw", { stepSize: column("stepSize"), epsilon: column("epsilon"), decay: column("decay") }),
      emaDecay: hostF32([steps], new Array<number>(steps).fill(fixture.setting("ema_decay"))),
    },
  });

  findings.compare("losses", "losses", lossTable(fixture.stored("losses").shape[1]!, ys));
  for (let k = 0; k < steps; k++) {
    findings.compare("grad_norm.*", `grad_norm.${k}`, { shape: [1], data: [ys.gradNorm!.data[k]!] });
  }
  for (const [group, part] of [
    ["final", "params"],
    ["ema", "ema"],
  ] as const) {
    compareParameters(group, (name) => fixed[name] ?? carry[`${part}.${name}`]!, fixture, findings);
  }
}

/** Every parameter but the key biases: their gradient is 0 but for rounding, which AdamW scales up to full steps. */
function compareParameters(group: string, ours: (name: string) => Values, fixture: Fixture, findings: Findings): void {
  const differences: number[] = [];
  let worst = { name: "", difference: -1 };
  for (const stored of fixture.names.filter((name) => name.startsWith(`${group}.`))) {
    const name = stored.slice(group.length + 1);
    const [theirs, mine] = [fixture.stored(stored), ours(name)];
    const third = theirs.data.length / 3;
    const isLeftOut = (i: number) => name.endsWith("attn.qkv.bias") && i >= third && i < 2 * third;
    for (let i = 0; i < theirs.data.length; i++) {
      if (isLeftOut(i)) continue;
      const difference = Math.abs(theirs.data[i]! - mine.data[i]!);
      differences.push(difference);
      if (!(difference <= worst.difference)) worst = { name: stored, difference };
    }
  }
  const ascending = Float64Array.from(differences).sort();
  findings.note(`${group}.*, all`, absolute(2.5e-3), worst.difference, worst.name);
  findings.note(
    `${group}.*, 99.9%`,
    absolute(1e-5),
    ascending[Math.ceil(0.999 * ascending.length) - 1] ?? Number.NaN,
    `of ${ascending.length} values`,
  );
}

/** [steps, 3]: the two terms and their sum. A model without a variance term has the first and the last. */
function lossTable(columns: number, { mse, vb, loss }: Results): Values {
  const steps = loss!.shape[0]!;
  const used = columns === 2 ? [mse!, loss!] : [mse!, vb ?? { shape: [steps], data: new Float64Array(steps) }, loss!];
  return {
    shape: [steps, used.length],
    data: Array.from({ length: steps }, (_, k) => used.map(({ data }) => data[k]!)).flat(),
  };
}

function optimizerOf(fixture: Fixture): AdamWConfig & { readonly learningRate: number } {
  const { lr, betas, eps, weight_decay } = fixture.setting<OfficialOptimizer>("optimizer");
  return { learningRate: lr, betas, epsilon: eps, weightDecay: weight_decay };
}
