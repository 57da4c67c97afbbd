import { describe, expect, test } from "vitest";
import { valueAndGrad } from "../differentiate/valueAndGrad";
import { apply } from "../ir/apply";
import { type Graph, nodesOf } from "../ir/graph";
import type { OpName } from "../ir/ops";
import { sizeOf } from "../ir/shape";
import type { F32 } from "../ir/tensor";
import { compute } from "../run/reference/compute";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { lower } from "./lower";
import { shareProbabilities } from "./shareProbabilities";

const [width, heads] = [8, 2];

/** Attention of 3 queries to `keys` keys; its gradients by all three, or its value alone. */
const attention = (keys: number, hasGradients: boolean): Graph =>
  trace("attention", { q: f32([1, 3, width]), k: f32([1, keys, width]), v: f32([1, keys, width]) }, (tokens) => {
    const loss = ({ q, k, v }: typeof tokens) => {
      const y = apply("attention", [q, k, v], { heads }) as F32;
      return { loss: y.square().sum(), y };
    };
    if (!hasGradients) return { y: loss(tokens).y };
    const { value, gradients } = valueAndGrad(loss, tokens);
    return { y: value.y, gradients };
  });

const count = (graph: Graph, op: OpName) => nodesOf(graph).filter((node) => node.op === op).length;
const native = new Set(["attention", "softmax"] as const);

describe("shareProbabilities", () => {
  test("lets attention and its gradient compute one softmax", () => {
    const lowered = lower(attention(16, true), native);
    expect(count(lowered, "softmax")).toBe(1);
    expect(count(lowered, "attention")).toBe(0);
  });

  test("leaves attention whole whose probabilities are more than four widths to a token", () => {
    const lowered = lower(attention(17, true), native);
    expect(count(lowered, "softmax")).toBe(1);
    expect(count(lowered, "attention")).toBe(1);
  });

  test("leaves attention whole without a gradient", () => {
    const graph = attention(16, false);
    expect(count(lower(graph, native), "attention")).toBe(1);
  });

  test("leaves attention whole beside the gradient of another", () => {
    const graph = trace("two", { q: f32([1, 3, width]), k: f32([1, 3, width]) }, ({ q, k }) => {
      const attend = (a: F32, b: F32) => apply("attention", [a, b, b], { heads }) as F32;
      const { value, gradients } = valueAndGrad(({ q }: { q: F32 }) => ({ loss: attend(q, k).sum() }), { q });
      return { ...value, gradients, other: attend(k, q) };
    });
    expect(count(lower(graph, native), "attention")).toBe(1);
  });

  test("leaves every value as it was", () => {
    const graph = attention(5, true);
    const valuesOf = ({ inputs, outputs }: Graph) =>
      compute(
        outputs.map(({ tensor }) => tensor),
        new Map(
          inputs.map(({ tensor }, i) => [
            tensor,
            Float64Array.from({ length: sizeOf(tensor.shape) }, (_, j) => Math.sin(i + 2 * j)),
          ]),
        ),
      );
    const [before, after] = [valuesOf(graph), valuesOf(shareProbabilities(graph))];
    after.forEach((values, i) => {
      values.forEach((value, j) => {
        expect(value).toBeCloseTo(before[i]![j]!, 12);
      });
    });
  });
});
