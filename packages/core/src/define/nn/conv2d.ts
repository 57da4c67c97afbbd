import { apply } from "../../ir/apply";
import type { F32 } from "../../ir/tensor";
import { type ConvolutionOptions, convolutionOf, type Pair } from "../../ir/window";
import { type Initialization, type Params, param } from "../params";

/** A convolution from `inner` to `out` channels; the weight is [out, inner, height, width], as in PyTorch. */
export function conv2dSpec(
  inner: number,
  out: number,
  kernel: number | Pair,
  init: Initialization = { kind: "xavierUniform", fanIn: inner * cellsOf(kernel), fanOut: out * cellsOf(kernel) },
) {
  const [height, width] = sizeOf(kernel);
  return { weight: param([out, inner, height, width], init), bias: param([out], { kind: "zeros" }) };
}

/**
 * One number of `options` stands for height and width; a padding may differ on each side: `[[above, below], [left, right]]`.
 * x: [N, inner, H, W] -> [N, out, H', W']
 */
export function conv2d(p: Params<ReturnType<typeof conv2dSpec>>, x: F32, options: ConvolutionOptions = {}): F32 {
  return apply("biasedConv2d", [x, p.weight, p.bias], convolutionOf(options));
}

function sizeOf(kernel: number | Pair): Pair {
  return typeof kernel === "number" ? [kernel, kernel] : kernel;
}

function cellsOf(kernel: number | Pair): number {
  const [height, width] = sizeOf(kernel);
  return height * width;
}
