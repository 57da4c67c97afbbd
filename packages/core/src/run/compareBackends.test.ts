import { describe, expect, test } from "vitest";
import { dit, ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import { bindParams, paramTypes } from "../define/params";
import { normal } from "../host/normal";
import { nodesOf } from "../ir/graph";
import { hostF32, hostI32 } from "../ir/hostTensor";
import type { Tensor } from "../ir/tensor";
import { rewrite } from "../lower/rewrite";
import { f32, i32 } from "../trace/signature";
import { trace } from "../trace/trace";
import type { Backend } from "./backend";
import { compareBackends } from "./compareBackends";
import { reference } from "./reference/reference";
import { toyModel } from "./toyModel";

const { dit: config } = toyModel;
const spec = ditSpec(config);
const image = [2, config.inChannels, ...config.inputSize];
const signature = { params: paramTypes(spec).all, x: f32(image), t: f32([2]), y: i32([2]) };
const graph = trace("forward", signature, ({ params, x, t, y }) => ({
  output: dit(bindParams(spec, params), x, t, y, config),
}));
const values = (name: string, size: number) => normal({ seed: 0, stream: name, step: 0, sample: 0 }, size);
const feeds = {
  // A fresh model's gates are 0 and would hide an error in a block, so every weight gets some noise.
  ...Object.fromEntries(
    Object.entries(initialize(spec, 0)).map(([name, { shape, data }]) => [
      `params.${name}`,
      hostF32(
        shape,
        values(name, data.length).map((z, i) => data[i]! + 0.1 * z),
      ),
    ]),
  ),
  x: hostF32(image, values("x", 2 * config.inChannels * config.inputSize[0] * config.inputSize[1])),
  t: hostF32([2], [3, 500]),
  y: hostI32([2], [0, 1]),
};
const tolerance = { absolute: 1e-6, relative: 1e-4 };

/** The reference with one kernel wrong: what `isWrong` picks comes out a percent too large. */
function faulty(isWrong: (node: Tensor) => boolean): Backend {
  const right = reference();
  return {
    ...right,
    compile: (graph, options) =>
      right.compile(
        rewrite(graph, (node) => (isWrong(node) ? (node as Tensor<"f32">).mul(1.01) : node)),
        options,
      ),
  };
}

const isOf = (op: string, scope: string) => (node: Tensor) => node.op === op && node.scope.startsWith(scope);

describe("two backends", () => {
  test("that compute the same part nowhere, over every node", async () => {
    const { deviations, first } = await compareBackends(graph, feeds, reference(), reference(), tolerance);
    expect(first).toBeUndefined();
    expect(deviations.length).toBeGreaterThan(nodesOf(graph).length / 2);
    expect(deviations.every(({ error }) => error === 0)).toBe(true);
  });

  test.each([
    ["exp", "blocks.0"],
    ["sqrt", "blocks.0"],
    ["matmul", "blocks.0.mlp.fc2"],
    ["sin", "t_embedder"],
  ])("part at the %s of %s, if that is wrong", async (op, scope) => {
    const actual = faulty(isOf(op, scope));
    const { first, deviations } = await compareBackends(graph, feeds, reference(), actual, tolerance);
    expect(isOf(op, scope)(first!.node)).toBe(true);
    const at = deviations.indexOf(first!);
    expect(deviations.slice(0, at).every(({ error }) => error === 0)).toBe(true);
    expect(first!.error / first!.largest).toBeCloseTo(0.01, 5);
    expect(deviations.at(-1)!.error).toBeGreaterThan(0);
  });

  test("part at every wrong node and nowhere else, if each is isolated", async () => {
    const isWrong = (node: Tensor) => isOf("matmul", "blocks.0.mlp.fc2")(node) || isOf("sin", "t_embedder")(node);
    const options = { ...tolerance, isolated: true, chunkBytes: 2 ** 16 };
    const { deviations } = await compareBackends(graph, feeds, reference(), faulty(isWrong), options);
    // By name: to print the difference of two graphs takes a test runner all the memory there is.
    const nameOf = ({ node }: (typeof deviations)[number]) => `${node.op} ${node.scope}`;
    const apart = deviations.filter(({ error, tolerance }) => error > tolerance).map(nameOf);
    expect(apart).toEqual(deviations.filter(({ node }) => isWrong(node)).map(nameOf));
    expect(apart).toEqual(["sin t_embedder", "matmul blocks.0.mlp.fc2"]);
  });

  test("part at the same node when the values come in small parts", async () => {
    const actual = faulty(isOf("matmul", "blocks.0.mlp.fc2"));
    const small = { ...tolerance, chunkBytes: 2 ** 14 };
    const { first, deviations } = await compareBackends(graph, feeds, reference(), actual, small);
    const whole = await compareBackends(graph, feeds, reference(), actual, tolerance);
    expect(deviations.map(({ error }) => error)).toEqual(whole.deviations.map(({ error }) => error));
    expect(first!.node.scope).toBe("blocks.0.mlp.fc2");
  });

  test("compare a composite that one runs natively as a whole", async () => {
    const actual = faulty(isOf("gelu", "blocks.0"));
    const capable = {
      ...actual,
      capabilities: { ...actual.capabilities, nativeComposites: new Set(["gelu"] as const) },
    };
    const { first, deviations } = await compareBackends(graph, feeds, reference(), capable, tolerance);
    expect(first!.node.op).toBe("gelu");
    const parts = await compareBackends(graph, feeds, reference(), actual, tolerance);
    expect(parts.first).toBeUndefined();
    expect(deviations.length).toBeLessThan(parts.deviations.length);
  });

  test("differ without bound where one has no number", async () => {
    const root = trace("root", { x: f32([2]) }, ({ x }) => ({ y: x.sqrt() }));
    const positive: Backend = {
      ...reference(),
      compile: (g, o) =>
        reference().compile(
          rewrite(g, (n) => (n.is("sqrt") ? (n.inputs[0] as Tensor<"f32">).abs().sqrt() : n)),
          o,
        ),
    };
    const { first } = await compareBackends(root, { x: hostF32([2], [4, -4]) }, reference(), positive, tolerance);
    expect(first!.error).toBe(Infinity);
  });
});
