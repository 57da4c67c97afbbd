import { constantF32, f32, hostF32, trace } from "@dit/core";
import { expandComposites, nodesOf } from "@dit/core/internal";
import { expect } from "vitest";
import { allCases, caseFeeds, forwardGraph, gradientGraph } from "./caseGraphs";
import { expectClose, expectedOf, runOn } from "./runs";
import type { Suite } from "./suite";

/** One operation at a time: values, decompositions, gradients. */
export function testOperations({ check, tolerance }: Suite): void {
  check("one and two are three", async (backend) => {
    const graph = trace("sum", { a: f32([]), b: f32([]) }, ({ a, b }) => ({ sum: a.add(b) }));
    const one = { dtype: "f32", shape: [], data: Float32Array.of(1) } as const;
    const two = { dtype: "f32", shape: [], data: Float32Array.of(2) } as const;
    const { sum } = await runOn(backend, graph, { a: one, b: two });
    expectClose({ sum: sum! }, { sum: { dtype: "f32", shape: [], data: Float32Array.of(3) } }, 0);
  });

  for (const one of allCases) {
    check(one.name, async (backend) => {
      const graph = forwardGraph(one);
      const feeds = caseFeeds(one, graph);
      expectClose(await runOn(backend, graph, feeds), await expectedOf(graph, feeds), tolerance);
    });
  }

  for (const one of allCases) {
    const graph = forwardGraph(one);
    const expanded = expandComposites(graph, new Set());
    if (nodesOf(expanded).some((node) => node === graph.y)) continue;
    check(`${one.name}, native as decomposed`, async (backend) => {
      const feeds = caseFeeds(one, graph);
      expectClose(await runOn(backend, graph, feeds), await runOn(backend, expanded, feeds), tolerance);
    });
  }

  for (const one of allCases) {
    const graph = gradientGraph(one);
    if (graph === undefined) continue;
    check(graph.name, async (backend) => {
      const feeds = caseFeeds(one, graph);
      expectClose(await runOn(backend, graph, feeds), await expectedOf(graph, feeds), tolerance);
    });
  }

  for (const terms of [3, 80]) {
    check(`a sum of ${terms} terms that is not finite leaves those beside it as they are`, async (backend) => {
      const graph = trace("sums", { x: f32([2, terms, 4]) }, ({ x }) => ({ y: x.sum([1]) }));
      const x = hostF32([2, terms, 4], new Float32Array(8 * terms).fill(1));
      x.data.set([Infinity, Number.NaN]);
      const { y } = await runOn(backend, graph, { x });
      expect([...y!.data].slice(2)).toEqual(new Array(6).fill(terms));
    });
  }

  check("an output may be an input, a constant, or another output", async (backend) => {
    const graph = trace("outputs", { x: f32([2]) }, ({ x }) => {
      const doubled = x.mul(2);
      return {
        x,
        constant: constantF32([2], [5, 6]),
        doubled,
        again: doubled,
        afterAll: x.reshape([1, 2]).reshape([2]),
      };
    });
    const feeds = { x: { dtype: "f32", shape: [2], data: Float32Array.of(1, 2) } } as const;
    expectClose(await runOn(backend, graph, feeds), await expectedOf(graph, feeds), 0);
  });

  check("an input may go unused", async (backend) => {
    const graph = trace("unused", { x: f32([2]), unused: f32([3]) }, ({ x }) => ({ y: x.add(1) }));
    const x = { dtype: "f32", shape: [2], data: Float32Array.of(1, 2) } as const;
    const feeds = { x, unused: { dtype: "f32", shape: [3], data: new Float32Array(3) } } as const;
    expectClose(await runOn(backend, graph, feeds), await expectedOf(graph, feeds), 0);
  });
}
