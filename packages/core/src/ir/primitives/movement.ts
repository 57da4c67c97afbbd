import type { Primitive } from "../ops";
import { broadcastShapes, resolveAxis, sameShape, sizeOf } from "../shape";
import { requireSameDType, sumTo } from "./rules";

export const reshape: Primitive<"reshape"> = {
  infer: ([x], { shape }, fail) => {
    const isShape = shape.every((n) => Number.isInteger(n) && n >= 0);
    if (!isShape || sizeOf(shape) !== sizeOf(x.shape)) fail(`${sizeOf(x.shape)} elements do not fill shape [${shape}]`);
    return { dtype: x.dtype, shape };
  },
  gradient: (g, [x]) => [g.reshape(x.shape)],
};

export const transpose: Primitive<"transpose"> = {
  infer: ([x], { permutation }, fail) => {
    if (permutation.length !== x.rank || new Set(permutation).size !== x.rank) {
      fail(`[${permutation}] is not a permutation of ${x.rank} axes`);
    }
    return {
      dtype: x.dtype,
      shape: permutation.map(
        (axis) => x.shape[axis] ?? fail(`[${permutation}] is not a permutation of ${x.rank} axes`),
      ),
    };
  },
  gradient: (g, _, { permutation }) => [g.transpose(permutation.map((_, i) => permutation.indexOf(i)))],
};

export const broadcastTo: Primitive<"broadcastTo"> = {
  infer: ([x], { shape }, fail) => {
    const common = broadcastShapes(x.shape, shape);
    if (common === undefined || !sameShape(common, shape)) fail(`does not broadcast to [${shape}]`);
    return { dtype: x.dtype, shape };
  },
  gradient: (g, [x]) => [sumTo(g, x.shape)],
};

export const slice: Primitive<"slice"> = {
  infer: ([x], { starts, sizes }, fail) => {
    if (starts.length !== x.rank || sizes.length !== x.rank)
      fail(`needs a start and a size for each of ${x.rank} axes`);
    x.shape.forEach((n, i) => {
      if (starts[i]! < 0 || sizes[i]! < 0 || !Number.isInteger(sizes[i]) || starts[i]! + sizes[i]! > n) {
        fail(`axis ${i} has ${n} elements, asked for ${sizes[i]} from ${starts[i]}`);
      }
    });
    return { dtype: x.dtype, shape: sizes };
  },
  gradient: (g, [x], { starts, sizes }) => [
    g.pad(
      starts,
      x.shape.map((n, i) => n - starts[i]! - sizes[i]!),
    ),
  ],
};

export const pad: Primitive<"pad"> = {
  infer: ([x], { before, after }, fail) => {
    if (before.length !== x.rank || after.length !== x.rank) fail(`needs paddings for each of ${x.rank} axes`);
    if ([...before, ...after].some((n) => n < 0)) fail("paddings cannot be negative");
    return { dtype: x.dtype, shape: x.shape.map((n, i) => before[i]! + n + after[i]!) };
  },
  gradient: (g, [x], { before }) => [
    x.shape.reduce((part, n, axis) => part.slice(axis, before[axis]!, before[axis]! + n), g),
  ],
};

export const concat: Primitive<"concat"> = {
  infer: (inputs, { axis }, fail) => {
    const first = inputs[0] ?? fail("needs at least one tensor");
    if (resolveAxis(axis, first.rank) !== axis) fail(`axis ${axis} is not one of the ${first.rank} axes`);
    requireSameDType(inputs, fail);
    let size = 0;
    for (const x of inputs) {
      if (x.rank !== first.rank || x.shape.some((n, i) => i !== axis && n !== first.shape[i])) {
        fail("shapes differ outside the joined axis");
      }
      size += x.shape[axis]!;
    }
    return { dtype: first.dtype, shape: first.shape.map((n, i) => (i === axis ? size : n)) };
  },
  gradient: (g, inputs, { axis }) => {
    let start = 0;
    return inputs.map((x) => {
      const end = start + x.shape[axis]!;
      const part = g.slice(axis, start, end);
      start = end;
      return part;
    });
  },
};
