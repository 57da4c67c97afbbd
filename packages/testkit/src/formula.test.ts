import { expect, test } from "vitest";
import { fnv1a } from "../../core/src/host/fnv1a";
import { formulaInput, formulaInts, formulaParameter, formulaUniform } from "./formula";

// Check values of README.md of the fixtures, section "Formula values".
test("the hash and the first word", () => {
  expect(fnv1a("x")).toBe(4245442695);
  expect(formulaInts("x", [1], 2 ** 31).data[0]).toBe(794621484);
  expect(formulaUniform("x", 1)[0]).toBe((794621484 >>> 8) / 2 ** 24);
});

test("inputs", () => {
  expect([...formulaInput("x", [2, 2]).data]).toEqual([
    -1.0911496877670288, -0.7875845432281494, -0.1724584996700287, 1.7085977792739868,
  ]);
  expect([...formulaInts("y", [4], 10).data]).toEqual([1, 6, 2, 0]);
});

test.each([
  [
    "blocks.0.attn.qkv.weight",
    [192, 64],
    [-0.15167899429798126, -0.19223909080028534, 0.023273056373000145, 0.041417594999074936],
  ],
  [
    "blocks.0.attn.qkv.bias",
    [192],
    [0.04440465569496155, 0.015270811505615711, 0.02550302818417549, -0.011095833964645863],
  ],
  [
    "y_embedder.embedding_table.weight",
    [11, 64],
    [-0.4789097309112549, -0.5295374393463135, 0.3495314121246338, 0.2753676176071167],
  ],
  [
    "x_embedder.proj.weight",
    [64, 4, 2, 2],
    [0.3890415132045746, -0.2564452588558197, 0.054615627974271774, -0.30038073658943176],
  ],
  ["encoder.conv_norm_out.weight", [64], [1.0398890972137451, 1.0323148965835571, 0.9993302226066589]],
])("parameter %s", (name, shape, first) => {
  const { data } = formulaParameter(name, shape);
  expect([...data.subarray(0, first.length)]).toEqual(first);
});

test("the salt stands before the name", () => {
  expect(formulaUniform("b", 3, "a")).toEqual(formulaUniform("ab", 3));
  expect(formulaInput("b", [3], "a")).toEqual(formulaInput("ab", [3]));
  expect(formulaInts("b", [3], 7, "a")).toEqual(formulaInts("ab", [3], 7));
});
