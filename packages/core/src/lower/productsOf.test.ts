import { expect, test } from "vitest";
import { conv2d, conv2dSpec } from "../define/nn/conv2d";
import { linear, linearSpec } from "../define/nn/linear";
import { bindParams, paramTypes } from "../define/params";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { expandComposites } from "./expandComposites";
import { productsOf } from "./productsOf";

test("a convolution counts each kernel at each place, and composites as much as their decompositions", () => {
  const spec = { conv: conv2dSpec(3, 4, [3, 5]), fc: linearSpec(4, 10) };
  const signature = { params: paramTypes(spec).all, x: f32([2, 3, 9, 8]) };
  const graph = trace("network", signature, ({ params, x }) => {
    const p = bindParams(spec, params);
    const images = conv2d(p.conv, x, { stride: 2, padding: [1, 2] }); // [2, 4, 5, 4]
    return { y: linear(p.fc, images.mean([2, 3])) };
  });
  const expected = 2 * (5 * 4 * 4 * (3 * 3 * 5) + 4 * 10);
  expect(productsOf(graph)).toBe(expected);
  expect(productsOf(expandComposites(graph, new Set()))).toBe(expected);
});
