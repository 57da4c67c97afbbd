import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import type { ModelConfig } from "../define/model";
import { isFixed, paramsOf, type Weights } from "../define/params";
import { firstLossScale, type LossScale } from "../define/train/lossScale";
import { ConfigError } from "../ir/errors";
import { type HostTensor, hostF32, hostZeros } from "../ir/hostTensor";
import type { Precision } from "../lower/castPrecision";
import type { DeviceTensors, Feeds } from "./backend";

/** Everything a run needs to go on exactly: host values by parameter path. */
export interface TrainState {
  /** Steps taken. */
  readonly step: number;
  readonly params: Weights;
  readonly m: Weights;
  readonly v: Weights;
  readonly ema: Weights;
  /** Only where the network computes in f16. */
  readonly lossScale?: LossScale;
}

const parts = ["params", "m", "v", "ema"] as const;

/** The state before the first step: fresh weights, or those to fine-tune from; no momentum; the average equals the weights. */
export function firstState(model: ModelConfig, seed: number, init?: Weights): TrainState {
  const params = init ?? initialize(ditSpec(model.dit), seed);
  const zeros = Object.fromEntries(
    Object.entries(splitFixed(model, params).trained).map(([name, { shape }]) => [name, hostZeros("f32", shape)]),
  );
  return { step: 0, params, m: zeros, v: zeros, ema: params };
}

/** Weights that are trained, and the fixed tables. @throws ConfigError when one is missing */
export function splitFixed({ dit }: Pick<ModelConfig, "dit">, weights: Weights): { trained: Weights; fixed: Weights } {
  const trained: Record<string, HostTensor<"f32">> = {};
  const fixed: Record<string, HostTensor<"f32">> = {};
  for (const [name, spec] of Object.entries(paramsOf(ditSpec(dit)))) {
    const value = weights[name];
    if (value === undefined) throw new ConfigError(`parameter ${name} is missing from the weights`);
    (isFixed(spec) ? fixed : trained)[name] = value;
  }
  return { trained, fixed };
}

/** A state as the carry of a train step of `precision`. */
export function carryOf(model: ModelConfig, state: TrainState, precision: Precision = "f32"): Feeds {
  const { params, m, v, ema, lossScale = firstLossScale } = state;
  const { scale, streak } = lossScale;
  return {
    ...(precision === "f16"
      ? { "lossScale.scale": hostF32([], [scale]), "lossScale.streak": hostF32([], [streak]) }
      : {}),
    ...prefixed("params", splitFixed(model, params).trained),
    ...prefixed("m", m),
    ...prefixed("v", v),
    ...prefixed("ema", splitFixed(model, ema).trained),
  };
}

/** The state that a carry holds, read to the host. */
export async function stateOf(step: number, carry: DeviceTensors, fixed: Weights): Promise<TrainState> {
  const [params, m, v, ema] = await Promise.all(parts.map((part) => readAll(unprefixed(part, carry))));
  const { scale, streak } = await readAll(unprefixed("lossScale", carry));
  const lossScale = scale && streak ? { lossScale: { scale: scale.data[0]!, streak: streak.data[0]! } } : {};
  return { step, params: { ...fixed, ...params }, m: m!, v: v!, ema: { ...fixed, ...ema }, ...lossScale };
}

export async function readAll(tensors: DeviceTensors): Promise<Weights> {
  const read = Object.entries(tensors).map(async ([name, tensor]) => [name, await tensor.read()] as const);
  return Object.fromEntries(await Promise.all(read)) as Weights;
}

/** `{ "a.x": ... }` from `{ x: ... }` */
export function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** `{ x: ... }` from the entries of `{ "a.x": ..., "b.y": ... }` that begin with the prefix */
export function unprefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), value]] : [],
    ),
  );
}
