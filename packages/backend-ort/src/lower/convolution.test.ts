import {
  avgPool2d,
  type Backend,
  bindParams,
  conv2d,
  conv2dSpec,
  f32,
  groupNorm,
  groupNormSpec,
  hostF32,
  initialize,
  maxPool2d,
  normal,
  paramTypes,
  reference,
  silu,
  trace,
  traceScan,
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

test("a scan's step convolves with known kernels too", async () => {
  const scan = traceScan(
    "steps",
    { constants: { w: f32([16, 16, 3, 3]) }, carry: { x: f32([1, 16, 6, 5]) }, xs: { scale: f32([]) } },
    ({ constants: { w }, carry: { x }, xs: { scale } }) => {
      const next = x.conv2d(w, { padding: 1 }).max(0).mul(scale);
      return { carry: { x: next }, ys: { sum: next.sum() } };
    },
  );
  const draw = (stream: string, shape: number[]) =>
    hostF32(
      shape,
      normal(
        { seed: 0, stream, step: 0, sample: 0 },
        shape.reduce((a, b) => a * b),
      ),
    );
  const constants = { w: draw("w", [16, 16, 3, 3]) };
  const sumsOn = async (backend: Backend) => {
    const feeds = { carry: { x: draw("x", [1, 16, 6, 5]) }, xs: { scale: hostF32([3], [0.1, 0.2, 0.1]) } };
    const { ys } = await (await backend.compileScan(scan, { constants })).run(feeds);
    const { data } = await ys.sum!.read();
    await backend.dispose();
    return data as Float32Array;
  };
  const [right, seen] = [await sumsOn(reference()), await sumsOn(await ort())];
  right.forEach((sum, i) => {
    expect(Math.abs(seen[i]! / sum - 1)).toBeLessThan(1e-5);
  });
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
