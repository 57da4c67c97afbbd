import type { Fail } from "./ops";
import type { Shape } from "./shape";

/** Two numbers: along the height and along the width. */
export type Pair = readonly [height: number, width: number];

/** Cells added around an image: above and below it, left and right of it. */
export type Padding = readonly [
  height: readonly [before: number, after: number],
  width: readonly [before: number, after: number],
];

/** How a window moves over images. */
export interface Window {
  readonly strides: Pair;
  readonly padding: Padding;
}

/** A window that is looked at as a whole. */
export interface PoolAttributes extends Window {
  /** Its size. */
  readonly window: Pair;
}

/** One number stands for both axes; a pair of paddings for each axis's on both sides. */
export interface WindowOptions {
  readonly stride?: number | Pair;
  readonly padding?: number | Pair | Padding;
}

export interface ConvolutionOptions extends WindowOptions {
  readonly dilation?: number | Pair;
}

export interface PoolOptions extends WindowOptions {
  readonly window: number | Pair;
}

export function convolutionOf({ dilation = 1, ...options }: ConvolutionOptions): Window & { readonly dilations: Pair } {
  return { ...windowOf(options), dilations: pairOf(dilation) };
}

/** Windows of a pool move by their own size unless told otherwise. */
export function poolOf({ window, stride = window, padding }: PoolOptions): PoolAttributes {
  return { window: pairOf(window), ...windowOf({ stride, ...(padding === undefined ? {} : { padding }) }) };
}

function windowOf({ stride = 1, padding = 0 }: WindowOptions): Window {
  const [height, width] = typeof padding === "number" ? pairOf(padding) : padding;
  return { strides: pairOf(stride), padding: [pairOf(height), pairOf(width)] };
}

function pairOf(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}

/** What a function of the axis says of the height, 0, and of the width, 1. */
export function alongBoth<T>(of: (axis: 0 | 1) => T): readonly [height: T, width: T] {
  return [of(0), of(1)];
}

/** The number of places of a window along the height and the width of images [N, C, H, W]. */
export function placesOf(shape: Shape, window: Pair, { strides, padding }: Window, dilations: Pair = [1, 1]): Pair {
  return alongBoth((i) => {
    const room = shape[i + 2]! + padding[i][0] + padding[i][1] - (window[i] - 1) * dilations[i] - 1;
    return Math.floor(room / strides[i]) + 1;
  });
}

/** Reports a window that is no window, or that does not fit into the padded images. */
export function requireWindow(
  places: Pair,
  window: Pair,
  { strides, padding }: Window,
  dilations: Pair,
  fail: Fail,
): void {
  const isWhole = (least: number) => (n: number) => Number.isInteger(n) && n >= least;
  if (![...strides, ...dilations, ...window].every(isWhole(1))) {
    fail(`window [${window}], strides [${strides}] and dilations [${dilations}] must be whole numbers from 1`);
  }
  if (!padding.flat().every(isWhole(0))) fail(`paddings [${padding}] must be whole numbers from 0`);
  if (places.some((n) => n < 1)) fail(`a window of [${window}] does not fit into the padded images`);
}
