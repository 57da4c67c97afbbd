import type { F32, I32 } from "../../ir/tensor";
import { castTensors, type Precision } from "../../lower/castPrecision";
import { f32, i32, type Traced } from "../../trace/signature";
import { type Losses, trainingLosses } from "../diffusion/loss";
import { process } from "../diffusion/process";
import type { DiTConfig } from "../dit/config";
import { type DiTParams, dit } from "../dit/dit";
import { flowLosses, flowPointType } from "../flow/loss";
import type { ModelConfig } from "../model";

/** A batch for a diffusion chain. x0, noise: [N, C, I, J], step: of the chain [N], y: labels [N] */
export function diffusionBatchType(dit: DiTConfig, batchSize: number) {
  return { ...imagesType(dit, batchSize), step: i32([batchSize]), y: i32([batchSize]) };
}

/** A batch for a flow: as for a chain, but with the numbers of a point on the path, [N] each, in the place of a step. */
function flowBatchType(dit: DiTConfig, batchSize: number) {
  return { ...imagesType(dit, batchSize), point: flowPointType(batchSize), y: i32([batchSize]) };
}

function imagesType({ inChannels, inputSize }: DiTConfig, batchSize: number) {
  const image = f32([batchSize, inChannels, ...inputSize]);
  return { x0: image, noise: image };
}

/** A training batch. Noise, steps or times, and dropped labels come from the host. */
export function batchType({ dit, diffusion }: ModelConfig, batchSize: number) {
  switch (diffusion.kind) {
    case "diffusion":
      return diffusionBatchType(dit, batchSize);
    case "flow":
      return flowBatchType(dit, batchSize);
    default:
      return diffusion satisfies never;
  }
}

type DiffusionBatch = Traced<ReturnType<typeof diffusionBatchType>>;
type FlowBatch = Traced<ReturnType<typeof flowBatchType>>;

/** Batch means of the losses of a DiT whose network computes in `precision`. */
export function meanLosses(
  config: ModelConfig,
  params: DiTParams,
  batch: DiffusionBatch | FlowBatch,
  precision: Precision = "f32",
) {
  const each = lossesOf(config, params, batch, precision);
  return {
    loss: each.loss.mean(),
    ...(each.mse === undefined ? {} : { mse: each.mse.mean() }),
    ...(each.vb === undefined ? {} : { vb: each.vb.mean() }),
  };
}

/** The losses of each sample. The batch is of the type that `batchType` gives the same objective. */
function lossesOf(
  { dit: architecture, diffusion }: ModelConfig,
  params: DiTParams,
  batch: DiffusionBatch | FlowBatch,
  precision: Precision,
): Losses {
  const network = (xt: F32, t: F32) => castTensors([dit(params, xt, t, batch.y, architecture)], precision)[0]!;
  switch (diffusion.kind) {
    case "diffusion": {
      const chain = process(diffusion.schedule, diffusion.timesteps);
      const predict = (xt: F32, t: I32) => network(xt, t.cast("f32"));
      return trainingLosses(chain, diffusion, predict, batch as DiffusionBatch);
    }
    case "flow":
      return flowLosses((batch as FlowBatch).point, network, batch);
    default:
      return diffusion satisfies never;
  }
}
