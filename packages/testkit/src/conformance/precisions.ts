import {
  avgPool2d,
  castPrecision,
  conv2d,
  f32,
  gelu,
  groupNorm,
  hostTensor,
  layerNorm,
  maxPool2d,
  softmax,
  trace,
  UnsupportedError,
  upsampleNearest,
} from "@dit/core";
import { expect } from "vitest";
import { formulaInput } from "../formula";
import { expectClose, expectedOf, runOn } from "./runs";
import type { Suite } from "./suite";

/** One rounding of each dtype, relative; results may lie a few of them apart, since kernels round at different places. */
const rounding = { f16: 2 ** -11, bf16: 2 ** -8 };

/** What a backend does with the low precisions: compute in those that it declares, refuse the others. */
export function testPrecisions({ check }: Suite): void {
  const network = trace("network", { x: f32([4, 8]), w: f32([8, 8]) }, ({ x, w }) => ({
    y: softmax(layerNorm(gelu(x.matmul(w)).add(1)).matmul(w, { transposeB: true })),
    rows: x.matmul(w).sum([0]),
  }));
  const feeds = { x: formulaInput("x", [4, 8]), w: formulaInput("w", [8, 8]) };
  const types = { x: f32([2, 4, 4, 4]), w: f32([4, 4, 3, 3]), scale: f32([4]), shift: f32([4]) };
  const onImages = trace("network on images", types, ({ x, w, scale, shift }) => {
    const pooled = maxPool2d(x.conv2d(w, { padding: 1 }), { window: 3, stride: 1, padding: 1 });
    const normed = groupNorm({ weight: scale, bias: shift }, pooled, 2);
    return { y: upsampleNearest(avgPool2d(conv2d({ weight: w, bias: shift }, normed, { padding: 1 }), { window: 2 })) };
  });
  const images = Object.fromEntries(
    Object.entries(types).map(([name, { shape }]) => [name, formulaInput(name, shape)]),
  );

  for (const dtype of ["f16", "bf16"] as const) {
    const low = castPrecision(network, dtype);
    const lowOnImages = castPrecision(onImages, dtype);
    check(`computes in ${dtype}, or refuses to`, async (backend) => {
      if (!backend.capabilities.dtypes.includes(dtype)) {
        const attempt = runOn(backend, low, feeds);
        await expect(attempt).rejects.toThrow(UnsupportedError);
        await expect(attempt).rejects.toThrow(`does not compute in ${dtype}`);
        return;
      }
      const seen = await runOn(backend, low, feeds);
      expectClose(seen, await expectedOf(low, feeds), 8 * rounding[dtype]);
      expect(seen).not.toEqual(await runOn(backend, network, feeds));
      expectClose(
        await runOn(backend, lowOnImages, images),
        await expectedOf(lowOnImages, images),
        8 * rounding[dtype],
      );
    });

    check(`takes and gives ${dtype}, or refuses to`, async (backend) => {
      const graph = trace("halves", { x: { dtype, shape: [4] } }, ({ x }) => ({ y: x.add(x) }));
      // 1, -2, the smallest number, and the largest: doubled, they are exact.
      const [one, smallest, largest] = dtype === "f16" ? [0x3c00, 1, 0x7bff] : [0x3f80, 1, 0x7f7f];
      const [two, next, infinity] = dtype === "f16" ? [0x4000, 2, 0x7c00] : [0x4000, 2, 0x7f80];
      const attempt = runOn(backend, graph, {
        x: hostTensor(dtype, [4], Uint16Array.of(one!, 0x8000 | two!, smallest!, largest!)),
      });
      if (!backend.capabilities.dtypes.includes(dtype)) return expect(attempt).rejects.toThrow(UnsupportedError);
      const four = dtype === "f16" ? 0x4400 : 0x4080;
      expect([...(await attempt).y!.data]).toEqual([two, 0x8000 | four, next, infinity]);
    });
  }
}
