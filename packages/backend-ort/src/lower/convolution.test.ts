import {
  avgPool2d,
  bindParams,
  conv2d,
  conv2dSpec,
  f32,
  groupNorm,
  groupNormSpec,
  initialize,
  maxPool2d,
  normal,
  paramTypes,
  reference,
  silu,
  trace,
  upsampleNearest,
} from "@dit/core";
import { expect, test } from "vitest";
import { ort } from "../backend";

/** Channels that fill blocks of registers, and channels that do not. */
const spec = {
  in: conv2dSpec(3, 32, 3),
  norm: groupNormSpec(32),
  out: conv2dSpec(32, 20, [1, 3]),
  skip: conv2dSpec(32, 20, 1),
};
const shape = [2, 3, 17, 18];
const graph = trace("network", { params: paramTypes(spec).all, x: f32(shape) }, ({ params, x }) => {
  const p = bindParams(spec, params);
  const wide = maxPool2d(conv2d(p.in, x, { stride: 2, padding: 1 }), { window: 3, stride: 1, padding: 1 }).max(0);
  const h = silu(groupNorm(p.norm, wide, 8));
  const out = conv2d(p.out, h, { padding: [0, 1] }).add(
    conv2d(p.skip, avgPool2d(h, { window: 3, stride: 1, padding: 1 })),
  );
  return { y: upsampleNearest(out) };
});

test("known kernels, laid out by the runtime, give what the reference gives, and so do kernels given at run time", async () => {
  const weights = Object.fromEntries(
    Object.entries(initialize(spec, 0)).map(([name, value]) => [`params.${name}`, value]),
  );
  const data = Float32Array.from(normal({ seed: 0, stream: "x", step: 0, sample: 0 }, 2 * 3 * 17 * 18));
  const x = { dtype: "f32", shape, data } as const;
  const backend = await ort();
  const expected = await (await reference().compile(graph)).run({ ...weights, x });
  const known = await (await backend.compile(graph, { constants: weights })).run({ x });
  const given = await (await backend.compile(graph)).run({ ...weights, x });
  const [right, ...seen] = (await Promise.all([expected, known, given].map(({ y }) => y!.read()))).map(
    ({ data }) => data as Float32Array,
  );
  const largest = right!.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  for (const values of seen) {
    const worst = right!.reduce((most, v, i) => Math.max(most, Math.abs(v - values[i]!)), 0);
    expect(worst / largest).toBeLessThan(1e-5);
  }
  await backend.dispose();
});
