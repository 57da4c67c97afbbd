import type { FileTensor, TensorFile } from "../../host/tensorFile";
import { FormatError } from "../../ir/errors";

/** Which weights of a training checkpoint: the averaged ones or those that training goes on from. */
export const weightParts = ["ema", "model"] as const;
export type WeightPart = (typeof weightParts)[number];

/** How dictionaries and wrappers name what they hold. */
const [containers, wrappers] = [{ ema: ["ema"], model: ["model", "state_dict"] }, ["module.", "_orig_mod."]];

/**
 * The weights in a file, by their own names: of a training checkpoint the `part` that is asked for, otherwise `ema` where
 * it is there, as the official code does; the names that wrappers of PyTorch put before each are taken off.
 * @throws FormatError when the file does not have the part
 */
export function selectWeights({ tensors }: TensorFile, part?: WeightPart): ReadonlyMap<string, FileTensor> {
  const selected = weightParts
    .filter((name) => part === undefined || part === name)
    .flatMap((name) => containers[name])
    .map((container) => under(tensors, `${container}.`))
    .find(({ size }) => size > 0);
  const isBare = ![...tensors.keys()].some((name) => name.startsWith("opt.") || name.startsWith("ema."));
  if (selected === undefined && !isBare) {
    throw new FormatError(`the checkpoint has no ${part ?? "ema or model"} weights in it`);
  }
  return wrappers.reduce((weights, wrapper) => {
    const inner = under(weights, wrapper);
    return inner.size === weights.size ? inner : weights;
  }, selected ?? tensors);
}

/** The tensors whose names begin with `prefix`, without it. */
function under(tensors: ReadonlyMap<string, FileTensor>, prefix: string): ReadonlyMap<string, FileTensor> {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}
