import type { Primitive, PrimitiveName } from "../ops";
import { matmul } from "./contraction";
import { conv2d } from "./convolution";
import {
  abs,
  add,
  barrier,
  cast,
  cos,
  div,
  equal,
  exp,
  floor,
  less,
  log,
  max,
  min,
  mul,
  neg,
  select,
  sin,
  sqrt,
  stopGradient,
  sub,
  tanh,
} from "./elementwise";
import { gather, scatterAdd } from "./indexing";
import { broadcastTo, concat, pad, reshape, slice, transpose } from "./movement";
import { maxPool2d } from "./pooling";
import { reduceMax, reduceSum } from "./reduction";
import { constant, input } from "./source";

/** Every primitive's shape rule and gradient. */
export const primitives: { readonly [P in PrimitiveName]: Primitive<P> } = {
  input,
  constant,
  neg,
  exp,
  log,
  sqrt,
  sin,
  cos,
  tanh,
  abs,
  floor,
  add,
  sub,
  mul,
  div,
  max,
  min,
  less,
  equal,
  select,
  cast,
  stopGradient,
  barrier,
  matmul,
  conv2d,
  maxPool2d,
  reduceSum,
  reduceMax,
  reshape,
  transpose,
  broadcastTo,
  slice,
  pad,
  concat,
  gather,
  scatterAdd,
};
