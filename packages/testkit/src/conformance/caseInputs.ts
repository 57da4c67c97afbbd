import { type DType, type HostTensor, hostF32, hostI32, hostTensor, type Shape } from "@dit/core";
import { sizeOf } from "@dit/core/internal";
import { formulaUniform } from "../formula";

/** An input of a case: its type, and its values in float64 for the name it is given. */
export interface CaseInput {
  readonly dtype: DType;
  readonly shape: Shape;
  values(name: string): Float64Array;
}

/** Uniform in +-`reach`. */
export function real(shape: Shape, reach = 2): CaseInput {
  return floats(shape, (u) => (2 * u - 1) * reach);
}

/** Uniform from `low` to `low` + 2. */
export function above(low: number, shape: Shape): CaseInput {
  return floats(shape, (u) => low + 2 * u);
}

/** Multiples of 0.1 about 0, each once, in a random order, plus `shift`: no two near each other, none near a kink. */
export function apart(shape: Shape, shift = 0): CaseInput {
  return {
    dtype: "f32",
    shape,
    values: (name) => {
      const draws = formulaUniform(name, sizeOf(shape));
      const middle = Math.floor(draws.length / 2);
      return draws.map((u) => 0.1 * (draws.filter((other) => other < u).length - middle) + shift);
    },
  };
}

/** Uniform over 0 to `bound` - 1. */
export function ints(shape: Shape, bound: number): CaseInput {
  return {
    dtype: "i32",
    shape,
    values: (name) => formulaUniform(name, sizeOf(shape)).map((u) => Math.floor(u * bound)),
  };
}

/** 0 or 1. */
export function bools(shape: Shape): CaseInput {
  return { ...ints(shape, 2), dtype: "bool" };
}

/** These very values. */
export function exact(dtype: DType, shape: Shape, values: readonly number[]): CaseInput {
  return { dtype, shape, values: () => Float64Array.from(values) };
}

/** Numbers as a host tensor of `dtype`. */
export function hostOf(dtype: DType, shape: Shape, values: ArrayLike<number>): HostTensor {
  switch (dtype) {
    case "f32":
      return hostF32(shape, values);
    case "i32":
      return hostI32(shape, values);
    case "bool":
      return hostTensor("bool", shape, Uint8Array.from(values));
    default:
      throw new Error(`no case is of ${dtype}`);
  }
}

function floats(shape: Shape, value: (u: number) => number): CaseInput {
  return { dtype: "f32", shape, values: (name) => formulaUniform(name, sizeOf(shape)).map(value) };
}
