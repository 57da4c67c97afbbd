import { type Feeds, f32, type Graph, hostF32, normal, reference, trace } from "@dit/core";
import { nodesOf, type ReferenceTensor, verify } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { plainMatmuls, plainRightOperands } from "./plainMatmuls";

async function valuesOf(graph: Graph, feeds: Feeds) {
  const executable = await reference().compile(graph);
  return executable.run(feeds);
}

describe("plainMatmuls", () => {
  const forms = [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const;
  const sizes = [
    [2, 3, 40],
    [40, 3, 2],
    [3, 40, 3],
  ] as const;
  test.each(forms.flatMap((form) => sizes.map((size) => [...form, ...size] as const)))(
    "transposed %s and %s, [%i, %i] x [.., %i]: the same product, of plain operands",
    async (transposeA, transposeB, m, k, n) => {
      const types = { a: f32(transposeA ? [2, k, m] : [2, m, k]), b: f32(transposeB ? [2, n, k] : [2, k, n]) };
      const graph = trace("product", types, ({ a, b }) => ({ c: a.matmul(b, { transposeA, transposeB }) }));
      const feeds = {
        a: hostF32(types.a.shape, normal({ seed: 0, stream: "a", step: 0, sample: 0 }, 2 * m * k)),
        b: hostF32(types.b.shape, normal({ seed: 0, stream: "b", step: 0, sample: 0 }, 2 * k * n)),
      };
      const expected = await valuesOf(graph, feeds);
      for (const [plain, remaining] of [
        [plainMatmuls(graph), false],
        [plainRightOperands(graph), transposeA],
      ] as const) {
        verify(plain);
        const products = nodesOf(plain).filter((node) => node.is("matmul"));
        expect(products.map((node) => node.attributes)).toEqual([{ transposeA: remaining, transposeB: false }]);
        const actual = await valuesOf(plain, feeds);
        const floats = ({ c }: typeof actual) => [...(c as ReferenceTensor).float64];
        for (const [i, x] of floats(actual).entries()) expect(x).toBeCloseTo(floats(expected)[i]!, 12);
      }
    },
  );

  test("turns the product instead, where that moves fewer numbers", () => {
    const graph = trace("weight gradient", { g: f32([100, 8]), x: f32([100, 2]) }, ({ g, x }) => ({
      y: g.matmul(x, { transposeA: true }),
    }));
    const transposed = nodesOf(plainMatmuls(graph)).filter((node) => node.is("transpose"));
    expect(transposed.map((node) => node.inputs[0].shape)).toEqual([
      [100, 2],
      [2, 8],
    ]);
  });
});
