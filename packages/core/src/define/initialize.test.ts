import { describe, expect, test } from "vitest";
import { DitError } from "../ir/errors";
import { ditConfig } from "./dit/config";
import { ditSpec } from "./dit/dit";
import { positionalTable } from "./dit/positionalTable";
import { initialize } from "./initialize";
import { bindParams, countParams, isFixed, param, paramsOf, paramTypes } from "./params";

const config = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 64, depth: 2, heads: 4, numClasses: 200 });
const spec = ditSpec(config);
const weights = initialize(spec, 1);
const valuesOf = (name: string) => weights[name]!.data;
const std = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

describe("first weights", () => {
  test("of linears are uniform in Glorot's bounds, query, key and value counting as one matrix", () => {
    for (const [name, fanIn, fanOut] of [
      ["blocks.1.attn.qkv.weight", 64, 192],
      ["blocks.0.mlp.fc1.weight", 64, 256],
      ["x_embedder.proj.weight", 16, 64],
    ] as const) {
      const bound = Math.sqrt(6 / (fanIn + fanOut));
      const values = valuesOf(name);
      const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(largest).toBeLessThanOrEqual(Math.fround(bound));
      expect(largest).toBeGreaterThan(0.98 * bound);
      expect(std(values) / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
    }
  });

  test("of the label table and the timestep linears are normal with deviation 0.02", () => {
    for (const name of ["y_embedder.embedding_table.weight", "t_embedder.mlp.0.weight", "t_embedder.mlp.2.weight"]) {
      expect(std(valuesOf(name)) / 0.02).toBeCloseTo(1, 1);
    }
    expect(weights["y_embedder.embedding_table.weight"]!.shape).toEqual([201, 64]);
  });

  test("of modulations, of the final layer and of biases are 0", () => {
    const zero = Object.keys(weights).filter((name) => /bias$|adaLN_modulation|final_layer/.test(name));
    expect(zero.length).toBeGreaterThan(15);
    for (const name of zero) expect(valuesOf(name).every((x) => x === 0)).toBe(true);
  });

  test("of the position table are its own", () => {
    expect(valuesOf("pos_embed")).toEqual(Float32Array.from(positionalTable(64, 4, 4)));
  });

  test("follow from the seed, each parameter from a stream of its own", () => {
    expect(initialize(spec, 1)).toEqual(weights);
    expect(initialize(spec, 2)["blocks.0.mlp.fc1.weight"]).not.toEqual(weights["blocks.0.mlp.fc1.weight"]);
    expect(valuesOf("blocks.0.mlp.fc1.weight")).not.toEqual(valuesOf("blocks.1.mlp.fc1.weight"));
    const deeper = initialize(ditSpec({ ...config, depth: 3 }), 1);
    expect(deeper["blocks.1.mlp.fc1.weight"]).toEqual(weights["blocks.1.mlp.fc1.weight"]);
  });
});

describe("a spec", () => {
  test("has its fixed tables apart from what is trained", () => {
    const { trained, fixed, all } = paramTypes(spec);
    expect(Object.keys(fixed)).toEqual(["pos_embed"]);
    expect(Object.keys({ ...fixed, ...trained }).sort()).toEqual(Object.keys(all).sort());
    expect(Object.values(paramsOf(spec)).filter(isFixed)).toHaveLength(1);
  });

  test("counts its values, the fixed ones too", () => {
    expect(
      countParams({
        a: param([2, 3], { kind: "zeros" }),
        b: { c: param([4], { kind: "fixed", values: () => new Float32Array(4) }) },
      }),
    ).toBe(10);
  });

  test("asks for each of its parameters by path", () => {
    expect(() => bindParams(spec, {})).toThrow(DitError);
    expect(() => bindParams(spec, {})).toThrow("parameter pos_embed is missing");
  });
});
