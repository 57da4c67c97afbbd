import { f32, type Graph, layerNorm, silu, trace, valueAndGrad } from "@dit/core";
import { expandComposites, lower, nodesOf } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { type Fuser, fuse, readsOf } from "./fusion";
import { sharedAxes } from "./sharedAxes";

const elementwise = new Set(["neg", "exp", "sqrt", "add", "sub", "mul", "div", "sigmoid"]);
const fuser: Fuser = {
  canFuse: ({ op }) => elementwise.has(op),
  isLiteral: (node) => node.is("constant") && node.shape.length === 0,
  mostReads: 3,
};

function groupsOf(graph: Graph) {
  const order = nodesOf(graph).filter((node) => !node.is("input") && !node.is("constant"));
  const outputs = graph.outputs.map(({ tensor }) => tensor);
  return { order, outputs, groups: fuse(order, outputs, fuser) };
}

const ops = (groups: ReturnType<typeof groupsOf>["groups"]) =>
  groups.map((group) => group.map(({ op }) => op).join(" "));

describe("fuse", () => {
  test("joins what only one kernel sees, also by two ways", () => {
    const graph = trace("two ways", { x: f32([4, 3]), y: f32([3]) }, ({ x, y }) => {
      const e = x.exp();
      return { z: e.mul(y.neg()).div(e.add(1)) };
    });
    expect(ops(groupsOf(graph).groups)).toEqual(["exp neg mul add div"]);
  });

  test("keeps what others see, what is larger, and sums of sums apart", () => {
    const graph = trace("apart", { x: f32([4]), y: f32([2, 4]) }, ({ x, y }) => {
      const seen = x.exp();
      return { seen, twice: seen.mul(2), small: y.exp().sum([0]).neg(), sums: x.sub(x.mul(3)).sub(1) };
    });
    const groups = ops(groupsOf(graph).groups);
    expect(groups).toContain("exp");
    expect(groups).toContain("mul");
    expect(groups).toContain("mul sub");
    expect(groups).toContain("sub");
    expect(groups.filter((group) => group.includes(" "))).toEqual(["mul sub"]);
  });

  test("reads no more than a kernel can", () => {
    const names = ["a", "b", "c", "d", "e"] as const;
    const types = Object.fromEntries(names.map((name) => [name, f32([2])])) as Record<
      "a" | "b",
      ReturnType<typeof f32>
    >;
    const graph = trace("many", types, (inputs) => ({
      product: Object.values(inputs).reduce((product, x) => product.mul(x)),
    }));
    const { groups } = groupsOf(graph);
    expect(groups.map((group) => readsOf(group, fuser).length)).toEqual([3, 3]);
  });

  test("of a loss and its gradients makes groups in an order that can be run, each node in one", () => {
    const graph = trace("training", { x: f32([5, 8]), s: f32([5, 1]) }, ({ x, s }) => {
      const { value, gradients } = valueAndGrad((p) => ({ loss: silu(layerNorm(p.x!).mul(p.s!)).square().mean() }), {
        x,
        s,
      });
      return { ...value, ...gradients };
    });
    const { order, outputs, groups } = groupsOf(lower(expandComposites(graph, new Set()), new Set()));
    expect(groups.flat().length).toBe(order.length);
    expect(new Set(groups.flat())).toEqual(new Set(order));
    expect(groups.length).toBeLessThan(order.length);
    const ready = new Set(order.flatMap(({ inputs }) => inputs).filter((x) => !order.includes(x)));
    for (const group of groups) {
      for (const x of readsOf(group, fuser)) expect(ready).toContain(x);
      ready.add(group.at(-1)!);
    }
    for (const output of outputs) expect(ready).toContain(output);
  });
});

test.each([
  { output: [8, 16, 64], inputs: [[8, 16, 64], [8, 1, 64], []], shared: [[8, 16, 64], [8, 16, 64], [8, 1, 64], []] },
  {
    output: [8, 16, 64],
    inputs: [
      [8, 16, 64],
      [1, 1],
    ],
    shared: [[8192], [8192], []],
  },
  {
    output: [8, 16, 64],
    inputs: [[8, 16, 1], [64]],
    shared: [
      [128, 64],
      [128, 1],
      [1, 64],
    ],
  },
  { output: [1, 4], inputs: [[4], [1, 4]], shared: [[4], [4], [4]] },
  { output: [], inputs: [[]], shared: [[], []] },
])("$inputs to $output, in few axes", ({ output, inputs, shared }) => {
  const seen = sharedAxes(output, inputs);
  expect([seen.output, ...seen.inputs]).toEqual(shared);
});
