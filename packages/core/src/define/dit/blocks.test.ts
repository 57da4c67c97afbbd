import { describe, expect, test } from "vitest";
import { backward } from "../../differentiate/backward";
import { input, scalar } from "../../ir/create";
import { sizeOf } from "../../ir/shape";
import type { F32 } from "../../ir/tensor";
import { compute } from "../../run/reference/compute";
import { bindParams, paramsOf } from "../params";
import { type Conditioning, conditionings } from "./blockOptions";
import { type BlockVariant, blockVariants } from "./blockVariants";
import { type DiTConfig, ditConfig } from "./config";
import { layersOf } from "./layers";

const sizes = { inputSize: [1, 3], patchSize: 1, hiddenSize: 8, heads: 2, depth: 1, mlpRatio: 3 } as const;
const [tokens, embeddings, d] = [3, 2, 8];
const wave = (name: string, size: number) =>
  Float64Array.from({ length: size }, (_, i) =>
    Math.sin(3.7 * i + 1.9 * name.length + name.charCodeAt(name.length - 8)),
  );

/** One block of one sample, its parameters and inputs as named inputs with values. */
function blockOf(config: DiTConfig) {
  const variant: BlockVariant = blockVariants[config.conditioning];
  const spec = variant.spec(config);
  const values = new Map<F32, Float64Array>();
  const named = (name: string, shape: readonly number[], scale = 1): F32 => {
    const tensor = input(name, { dtype: "f32", shape }) as F32;
    values.set(
      tensor,
      wave(name, sizeOf(shape)).map((v) => scale * v),
    );
    return tensor;
  };
  const params = Object.fromEntries(
    Object.entries(paramsOf(spec)).map(([name, { shape }]) => [name, named(name, shape, 0.5)]),
  );
  const x = named("the tokens", [1, tokens, d]);
  const c = named("conditioning", config.conditioning === "crossAttention" ? [1, embeddings, d] : [1, d]);
  const y = variant.block(bindParams(spec, params), x, c, layersOf(config));
  return { params, x, c, y, values };
}

const rowsOf = (data: Float64Array, width: number): Matrix =>
  Array.from({ length: data.length / width }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);

describe.each(conditionings)("the %s block", (conditioning) => {
  test.each<[string, Partial<DiTConfig>]>([
    ["as in the paper", {}],
    ["with later options", { norm: "rms", mlp: "swiglu", qkNorm: true }],
  ])("%s computes what the formulas say", (_, options) => {
    const config = ditConfig(undefined, { ...sizes, ...options, conditioning });
    const { params, x, c, y, values } = blockOf(config);
    const plain: PlainParams = (name) => {
      const tensor = params[name];
      return tensor === undefined ? undefined : rowsOf(values.get(tensor)!, tensor.shape.at(-1)!);
    };
    const expected = plainBlocks[conditioning](plain, rowsOf(values.get(x)!, d), rowsOf(values.get(c)!, d), config);
    const actual = rowsOf(compute([y], values)[0]!, d);
    // GELU's constants are float32 in a graph, whatever computes it.
    actual.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(expected[i]![j]!, 7);
      });
    });
  });

  test("has gradients equal to central differences along a direction in each parameter", () => {
    const config = ditConfig(undefined, {
      ...sizes,
      conditioning,
      norm: "rms",
      mlp: "swiglu",
      qkNorm: true,
      rope: true,
    });
    const { params, x, c, y, values } = blockOf(config);
    const f = y.mul(y).sum();
    const wrt = { ...params, x, ...(conditioning === "inContext" ? {} : { c }) };
    const gradients = compute(backward(f, scalar(1, "f32"), Object.values(wrt)), values);
    Object.entries(wrt).forEach(([name, tensor], i) => {
      const at = values.get(tensor)!;
      const direction = at.map((_, k) => Math.cos(5 * k + 1));
      const moved = (h: number) =>
        compute(
          [f],
          new Map(values).set(
            tensor,
            at.map((v, k) => v + h * direction[k]!),
          ),
        )[0]![0]!;
      const step = 1e-5;
      const slope = (moved(step) - moved(-step)) / (2 * step);
      const expected = gradients[i]!.reduce((sum, g, k) => sum + g * direction[k]!, 0);
      expect(Math.abs(slope - expected) / Math.max(1, Math.abs(slope)), name).toBeLessThan(1e-6);
    });
  });
});

// The same blocks once more, of one sample, in plain loops over numbers.

type Matrix = readonly (readonly number[])[];
/** A parameter's rows by its path in the block; a vector is one row. */
type PlainParams = (name: string) => Matrix | undefined;
type PlainBlock = (p: PlainParams, x: Matrix, c: Matrix, config: DiTConfig) => Matrix;

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
const zip = (a: Matrix, b: Matrix, f: (x: number, y: number) => number): Matrix =>
  a.map((row, i) => row.map((v, j) => f(v, b[b.length === 1 ? 0 : i]![j]!)));
const plus = (a: Matrix, b: Matrix) => zip(a, b, (x, y) => x + y);
const times = (a: Matrix, b: Matrix) => zip(a, b, (x, y) => x * y);
const logistic = (v: number) => 1 / (1 + Math.exp(-v));
const silu = (x: Matrix): Matrix => x.map((row) => row.map((v) => v * logistic(v)));

function linear(p: PlainParams, name: string, x: Matrix): Matrix {
  return x.map((row) => p(`${name}.weight`)!.map((weights, o) => dot(weights, row) + p(`${name}.bias`)![0]![o]!));
}

function norm(x: Matrix, kind: DiTConfig["norm"]): Matrix {
  return x.map((row) => {
    const mean =
      kind === "rms"
        ? 0
        : dot(
            row,
            row.map(() => 1),
          ) / row.length;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
    return row.map((v) => (v - mean) / Math.sqrt(variance + 1e-6));
  });
}

function affineNorm(p: PlainParams, name: string, x: Matrix, kind: DiTConfig["norm"]): Matrix {
  const scaled = times(norm(x, kind), p(`${name}.weight`)!);
  const bias = p(`${name}.bias`);
  return bias === undefined ? scaled : plus(scaled, bias);
}

function attention(p: PlainParams, name: string, q: Matrix, k: Matrix, v: Matrix, { heads }: DiTConfig): Matrix {
  const size = d / heads;
  const head = (x: Matrix, h: number) => x.map((row) => row.slice(h * size, (h + 1) * size));
  const normed = (x: Matrix, which: string) => {
    const scale = p(`${name}.${which}.weight`);
    return scale === undefined ? x : times(norm(x, "rms"), scale);
  };
  const outputs = Array.from({ length: heads }, (_, h) => {
    const [queries, keys, values] = [normed(head(q, h), "q_norm"), normed(head(k, h), "k_norm"), head(v, h)];
    return queries.map((query) => {
      const weights = keys.map((key) => Math.exp(dot(query, key) / Math.sqrt(size)));
      const total = weights.reduce((sum, w) => sum + w);
      return Array.from(
        { length: size },
        (_, j) =>
          dot(
            weights,
            values.map((row) => row[j]!),
          ) / total,
      );
    });
  });
  const joined = q.map((_, t) => outputs.flatMap((output) => output[t]!));
  return linear(p, `${name}.proj`, joined);
}

const columns = (x: Matrix, part: number): Matrix => x.map((row) => row.slice(part * d, (part + 1) * d));

function selfAttention(p: PlainParams, x: Matrix, config: DiTConfig): Matrix {
  const qkv = linear(p, "attn.qkv", x);
  return attention(p, "attn", columns(qkv, 0), columns(qkv, 1), columns(qkv, 2), config);
}

function mlp(p: PlainParams, x: Matrix): Matrix {
  if (p("mlp.fc1_g.weight") !== undefined)
    return linear(p, "mlp.fc2", times(silu(linear(p, "mlp.fc1_g", x)), linear(p, "mlp.fc1_x", x)));
  const gelu = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
  return linear(
    p,
    "mlp.fc2",
    linear(p, "mlp.fc1", x).map((row) => row.map(gelu)),
  );
}

const modulated = (x: Matrix, shift: Matrix, scale: Matrix) => plus(plus(x, times(x, scale)), shift);

const plainBlocks: Readonly<Record<Conditioning, PlainBlock>> = {
  inContext: (p, x, _, config) => {
    const y = plus(x, selfAttention(p, affineNorm(p, "norm1", x, config.norm), config));
    return plus(y, mlp(p, affineNorm(p, "norm2", y, config.norm)));
  },
  crossAttention: (p, x, c, config) => {
    const y = plus(x, selfAttention(p, affineNorm(p, "norm1", x, config.norm), config));
    const [q, kv] = [linear(p, "cross_attn.q", affineNorm(p, "norm2", y, config.norm)), linear(p, "cross_attn.kv", c)];
    const z = plus(y, attention(p, "cross_attn", q, columns(kv, 0), columns(kv, 1), config));
    return plus(z, mlp(p, affineNorm(p, "norm3", z, config.norm)));
  },
  adaLN: (p, x, c, config) => {
    const m = linear(p, "adaLN_modulation.1", silu(c));
    const y = plus(x, selfAttention(p, modulated(norm(x, config.norm), columns(m, 0), columns(m, 1)), config));
    return plus(y, mlp(p, modulated(norm(y, config.norm), columns(m, 2), columns(m, 3))));
  },
  adaLNZero: (p, x, c, config) => {
    const m = linear(p, "adaLN_modulation.1", silu(c));
    const attended = selfAttention(p, modulated(norm(x, config.norm), columns(m, 0), columns(m, 1)), config);
    const y = plus(x, times(attended, columns(m, 2)));
    return plus(y, times(mlp(p, modulated(norm(y, config.norm), columns(m, 3), columns(m, 4))), columns(m, 5)));
  },
};
