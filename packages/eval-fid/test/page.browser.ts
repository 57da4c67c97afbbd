import { normal, reference } from "@dit/core";
import { digitsGraph, evaluate, featureRows, graphFeatures } from "@dit/eval-fid";
import { expect, test } from "vitest";

const values = (stream: string, count: number) => normal({ seed: 0, stream, step: 0, sample: 0 }, count);

test("metrics are computed in a page", () => {
  const side = (name: string) => ({
    name,
    count: 60,
    set: { count: 60, rows: { features: featureRows(values(name, 480), 8) } },
  });
  const { metrics } = evaluate(side("real"), side("fake"));
  expect(Object.keys(metrics)).toEqual(["fid", "kid", "pr", "dc", "prd", "fidInfinity"]);
  expect(metrics.fid!.value).toBeGreaterThan(0);
});

test("a feature network runs in a page", async () => {
  const weights = digitsGraph(1).inputs.filter(({ name }) => name !== "images");
  const small = weights.map(({ name, tensor: { shape } }) => {
    const data = new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(0.01);
    return [name, { dtype: "f32", shape, data }] as const;
  });
  const network = await graphFeatures(
    {
      name: "digits",
      hash: "",
      graph: digitsGraph,
      weights: Object.fromEntries(small),
      batch: 1,
      size: 28,
      route: "adm",
    },
    reference(),
  );
  const data = new Uint8Array(14 * 14 * 3).fill(200);
  const { rows } = await network.extract({ count: 1, height: 14, width: 14, channels: 3, data });
  expect(rows.features!.data.every((x) => x > 0)).toBe(true);
  await network.dispose();
});
