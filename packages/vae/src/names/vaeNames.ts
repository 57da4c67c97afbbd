import { FormatError } from "@dit/core";
import type { FileTensor } from "@dit/core/internal";
import { fromCompVis, isCompVis } from "./compVis";
import { fromOldAttention } from "./oldAttention";

type Tensors = ReadonlyMap<string, FileTensor>;

/** What Stable Diffusion's own checkpoints put before the autoencoder's names. */
const firstStage = /^(state_dict\.)?first_stage_model\./;

/** The autoencoder in a whole Stable Diffusion model, by its own names; undefined when there is none. */
export function firstStageOf(tensors: Tensors): Tensors | undefined {
  const part = [...tensors].filter(([name]) => firstStage.test(name));
  return part.length === 0 ? undefined : new Map(part.map(([name, tensor]) => [name.replace(firstStage, ""), tensor]));
}

/**
 * The tensors of an autoencoder under the names that diffusers gives them today: those of its older files and of CompVis
 * are renamed, and the 1x1 convolutions that do a linear's work in some of them become linears. What an autoencoder was
 * trained with beside itself is left out.
 * @throws FormatError when two tensors come to have one name
 */
export function underDiffusersNames(tensors: Tensors): Tensors {
  const own = new Map([...tensors].filter(([name]) => !/^(loss|model_ema)\./.test(name)));
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
