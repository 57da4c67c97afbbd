import type { Tensor } from "@dit/core";
import type { Node } from "@dit/core/internal";
import { primitives } from "../primitives";
import type { Pattern } from "./fusion";

// Tokens [.., H D] and heads [N, H, T, D] are a reshape and a transpose apart. Where products go by blocks of channels, the two
// together are one move of blocks.

/** Tokens as heads. */
export const splitHeads: Pattern = (heads, { isStep }) => {
  if (!isSwap(heads)) return undefined;
  const [split] = heads.inputs;
  if (!split.is("reshape")) return undefined;
  const [tokens] = split.inputs;
  if (tokens.shape.at(-1) !== widthOf(split)) return undefined;
  return new Map([
    [
      heads,
      {
        hidden: isStep(split) ? [split] : [],
        inputs: [tokens],
        lower: (emit, [x]) =>
          emit.blocks?.splitHeads(x!, heads.shape) ??
          primitives.transpose(emit, heads, [emit.reshape(x!, split.shape)]),
      },
    ],
  ]);
};

/** Heads as tokens. */
export const joinHeads: Pattern = (tokens, { readersOf, isOutput }) => {
  const swap = tokens.is("reshape") ? tokens.inputs[0] : undefined;
  if (swap === undefined || !isSwap(swap) || isOutput(swap)) return undefined;
  const isJoined = (x: Tensor) => x.is("reshape") && x.shape.at(-1) === widthOf(swap);
  if (!readersOf(swap).every(isJoined)) return undefined;
  const [heads] = swap.inputs;
  return new Map([
    [
      tokens,
      {
        hidden: [swap],
        inputs: [heads],
        lower: (emit, [x]) =>
          emit.blocks?.joinHeads(x!, heads.shape, tokens.shape) ??
          emit.reshape(
            emit.once(`swap ${x}`, () => primitives.transpose(emit, swap, [x!])),
            tokens.shape,
          ),
      },
    ],
  ]);
};

/** Whether it swaps the heads and the tokens of a tensor of four axes. */
function isSwap(x: Tensor): x is Node<"transpose"> {
  return x.is("transpose") && x.dtype === "f32" && `${x.attributes.permutation}` === "0,2,1,3";
}

/** H D of [N, T, H, D]. */
function widthOf({ shape }: Tensor): number {
  return shape[2]! * shape[3]!;
}
