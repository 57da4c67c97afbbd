import { avgPool2d, type ConvolutionOptions, conv2d, conv2dSpec, type F32, type Params, param } from "@dit/core";

// The network's parts that have parameters, in the two forms that these have: as files store them, with a batch normalisation
// after each convolution, and as they are computed, with the normalisation folded into the convolution (`foldNorms`).

/** [height, width], or one number for both. */
export type Kernel = number | readonly [height: number, width: number];

/** What stands for a convolution in a spec. */
export type UnitSpec<U> = (from: number, to: number, kernel: Kernel) => U;

/** These weights are never learned here. */
export const loaded = { kind: "zeros" } as const;

/** As files store it: a convolution without bias and a batch normalisation. ReLU follows. */
export function storedUnitSpec(from: number, to: number, kernel: Kernel) {
  const vector = () => param([to], loaded);
  return {
    conv: { weight: conv2dSpec(from, to, kernel, loaded).weight },
    bn: { weight: vector(), bias: vector(), running_mean: vector(), running_var: vector() },
  };
}

/** As it is computed: a convolution with a bias. ReLU follows. */
export function unitSpec(from: number, to: number, kernel: Kernel) {
  return conv2dSpec(from, to, kernel, loaded);
}

export type Unit = Params<ReturnType<typeof unitSpec>>;

/** Convolution and ReLU. x: [N, from, H, W] -> [N, to, H', W'] */
export function unit(p: Unit, x: F32, options: ConvolutionOptions = {}): F32 {
  return conv2d(p, x, options).max(0);
}

/** The same with the size of the image kept, whatever the kernel. */
export function same(p: Unit, x: F32): F32 {
  const [, , height, width] = p.weight.shape as [number, number, number, number];
  return unit(p, x, { padding: [(height - 1) / 2, (width - 1) / 2] });
}

/** Means of 3 x 3 cells, of those that lie in the image. */
export function smoothed(x: F32): F32 {
  return avgPool2d(x, { window: 3, stride: 1, padding: 1 });
}
