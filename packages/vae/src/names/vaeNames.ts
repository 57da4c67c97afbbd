import { FormatError } from "@dit/core";
import type { FileTensor } from "@dit/core/internal";
import { fromCompVis, isCompVis } from "./compVis";
import { fromOldAttention } from "./oldAttention";

type Tensors = ReadonlyMap<string, FileTensor>;

/** What Stable Diffusion's own checkpoints put before the autoencoder's names. */
const firstStage = "first_stage_model.";

/**
 * The tensors of an autoencoder under the names that diffusers gives them today: those of its older files and of CompVis
 * (an autoencoder's own file, or a whole Stable Diffusion model with one in it) are renamed, and the 1x1 convolutions
 * that do a linear's work in some of them become linears.
 * @throws FormatError when two tensors come to have one name
 */
export function underDiffusersNames(tensors: Tensors): Tensors {
  const own = ownTensors(tensors);
  const levels = levelsOf(own.keys());
  const rename = isCompVis(own.keys()) ? (name: string) => fromCompVis(name, levels) : (name: string) => name;
  const renamed = new Map<string, FileTensor>();
  for (const [name, tensor] of own) {
    const known = fromOldAttention(rename(name));
    if (renamed.has(known)) throw new FormatError(`two tensors stand for ${known}`);
    renamed.set(known, named(known, tensor));
  }
  return renamed;
}

/** Those of the autoencoder alone: of a whole model its part, of its training not the loss. */
function ownTensors(tensors: Tensors): Tensors {
  const all = [...tensors];
  const part = all.filter(([name]) => name.startsWith(firstStage));
  return part.length > 0
    ? new Map(part.map(([name, tensor]) => [name.slice(firstStage.length), tensor]))
    : new Map(all.filter(([name]) => !/^(loss|model_ema)\./.test(name)));
}

/** Levels of an encoder of CompVis. */
function levelsOf(names: Iterable<string>): number {
  let levels = 0;
  for (const name of names) {
    const index = /^encoder\.down\.(\d{1,2})\./.exec(name)?.[1];
    if (index !== undefined) levels = Math.max(levels, Number(index) + 1);
  }
  return levels;
}

/** A tensor under another name. The weight of a 1x1 convolution in an attention is that of a linear: [out, in, 1, 1] -> [out, in] */
function named(name: string, tensor: FileTensor): FileTensor {
  const { dtype, shape } = tensor;
  const isConvolution = shape.length === 4 && shape[2] === 1 && shape[3] === 1;
  const isLinear = /\.attentions\.\d+\.(to_[qkv]|to_out\.0)\.weight$/.test(name);
  return {
    name,
    dtype,
    shape: isLinear && isConvolution ? shape.slice(0, 2) : shape,
    get bytes() {
      return tensor.bytes;
    },
  };
}
