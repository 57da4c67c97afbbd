import { type DiTConfig, ditConfig, ditSpec, initialize, type Shape } from "@dit/core";
import { type ParamSpec, paramsOf, sameShape, sizeOf } from "@dit/core/internal";
import { absolute, type Findings, type Tolerance } from "./check";
import type { Fixture } from "./fixture";

interface Statistics {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly std: number;
}

type Recorded = Readonly<Record<string, Omit<Statistics, "count"> & { readonly shape: Shape }>>;

/** Small parameters are drawn from several seeds, so that chance in ours does not use up the tolerance. */
const enoughValues = 2 ** 18;

const tolerances = {
  std: { limit: 2e-2, unit: "relative" },
  chance: { limit: 5, unit: "standard errors" },
  bounds: { limit: 1e-6, unit: "beyond" },
  // Extremes of normal draws vary by chance: 3.8 to 5.6 deviations for the sizes that occur. Uniform ones reach 1.7.
  tails: { limit: 1.7, unit: "times" },
  mean: { limit: 5, unit: "standard errors" },
} as const satisfies Record<string, Tolerance>;

/** The first values of a fresh model against those of the official code. The model is read off the recorded shapes. */
export function initialStatistics(fixture: Fixture, findings: Findings): void {
  for (const recorded of fixture.settings<Recorded>("init_statistics")) {
    const params = paramsOf(ditSpec(configOf(recorded)));
    const differing = [...new Set([...Object.keys(params), ...Object.keys(recorded)])].filter(
      (name) => !sameShape(params[name]?.shape ?? [-1], recorded[name]?.shape ?? [-2]),
    );
    findings.note("initial shapes", { limit: 0, unit: "differ" }, differing.length, differing[0] ?? "none");
    for (const [name, param] of Object.entries(params)) {
      const theirs = recorded[name];
      if (theirs !== undefined) compare(name, param, { ...theirs, count: sizeOf(theirs.shape) }, findings);
    }
  }
}

function compare(name: string, param: ParamSpec, theirs: Statistics, findings: Findings): void {
  const isFixed = theirs.std === 0 || param.init.kind === "fixed";
  const ours = draw(name, param, isFixed ? 1 : Math.ceil(enoughValues / theirs.count));
  if (isFixed) {
    const error = Math.max(...(["min", "max", "mean", "std"] as const).map((key) => Math.abs(ours[key] - theirs[key])));
    findings.note("initial constants", absolute(theirs.std === 0 ? 0 : 1e-4 * reach(theirs)), error, name);
    return;
  }
  const std = Math.abs(ours.std / theirs.std - 1);
  // That of fewer than some 5,000 numbers differs by 2% from draw to draw.
  const chance = Math.sqrt((1 / ours.count + 1 / theirs.count) / 2);
  if (2 * chance <= tolerances.std.limit) findings.note("initial std", tolerances.std, std, name);
  else findings.note("initial std, small", tolerances.chance, std / chance, name);
  const standardError = theirs.std * Math.sqrt(1 / ours.count + 1 / theirs.count);
  findings.note("initial mean", tolerances.mean, Math.abs(ours.mean - theirs.mean) / standardError, name);
  if (reach(theirs) < 1.8 * theirs.std) {
    const bound = Math.sqrt(6 / (param.shape[0]! + sizeOf(param.shape.slice(1)))); // Xavier uniform
    const beyond = Math.max(0, reach(ours) / bound - 1, reach(theirs) / bound - 1);
    findings.note("initial bounds, uniform", tolerances.bounds, beyond, name);
  } else {
    const ratio = reach(ours) / reach(theirs);
    findings.note("initial bounds, normal", tolerances.tails, Math.max(ratio, 1 / ratio), name);
  }
}

function reach({ min, max }: Pick<Statistics, "min" | "max">): number {
  return Math.max(-min, max);
}

function draw(name: string, param: ParamSpec, seeds: number): Statistics {
  const count = seeds * sizeOf(param.shape);
  let [min, max, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    for (const x of initialize({ [name]: param }, seed)[name]!.data) {
      min = Math.min(min, x);
      max = Math.max(max, x);
      sum += x;
      squares += x * x;
    }
  }
  const mean = sum / count;
  const std = Math.sqrt(Math.max(0, squares - count * mean * mean) / Math.max(1, count - 1)); // PyTorch's is of a sample
  return { count, min, max, mean, std };
}

function configOf(recorded: Recorded): DiTConfig {
  const shapeOf = (name: string) => recorded[name]?.shape ?? [];
  const [, tokens, hiddenSize] = shapeOf("pos_embed") as [number, number, number];
  const [, inChannels, patchSize] = shapeOf("x_embedder.proj.weight") as [number, number, number];
  const side = Math.sqrt(tokens) * patchSize;
  return ditConfig(undefined, {
    inputSize: [side, side],
    inChannels,
    patchSize,
    hiddenSize,
    depth: Object.keys(recorded).filter((name) => name.endsWith(".attn.qkv.weight")).length,
    heads: 1, // decides no shape
    mlpRatio: shapeOf("blocks.0.mlp.fc1.weight")[0]! / hiddenSize,
    numClasses: shapeOf("y_embedder.embedding_table.weight")[0]! - 1,
    learnSigma: shapeOf("final_layer.linear.bias")[0] === 2 * inChannels * patchSize ** 2,
  });
}
