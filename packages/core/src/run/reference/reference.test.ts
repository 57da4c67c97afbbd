import { describe, expect, test } from "vitest";
import { hostF32, hostI32 } from "../../ir/hostTensor";
import { f32, i32 } from "../../trace/signature";
import { trace, traceScan } from "../../trace/trace";
import { type ReferenceTensor, reference } from "./reference";

// What every backend must do is tested in packages/testkit/src/conformance; here is what only the reference does.
describe("the reference", () => {
  test("computes in float64 and rounds once, when read", async () => {
    const graph = trace("third", { x: f32([]) }, ({ x }) => ({ y: x.div(3) }));
    const executable = await reference().compile(graph);
    const { y } = await executable.run({ x: hostF32([], [1]) });
    expect((y as ReferenceTensor).float64[0]).toBe(1 / 3);
    expect((await y!.read()).data[0]).toBe(Math.fround(1 / 3));
  });

  test("keeps a carry in its dtype between steps, so that a state can be written to a file and come back the same", async () => {
    const signature = { constants: {}, carry: { x: f32([]) }, xs: { u: f32([]) } };
    const scan = traceScan("thirds", signature, ({ carry: { x }, xs: { u } }) => ({
      carry: { x: x.div(3).add(u) },
      ys: { x },
    }));
    const backend = reference();
    const executable = await backend.compileScan(scan);
    const us = [0.1, 0.2, 0.3];
    const whole = await executable.run({ carry: { x: hostF32([], [1]) }, xs: { u: hostF32([3], us) } });
    let x = hostF32([], [1]);
    for (const u of us) {
      const { carry } = await executable.run({ carry: { x }, xs: { u: hostF32([1], [u]) } });
      x = (await carry.x!.read()) as typeof x;
    }
    expect((whole.carry.x as ReferenceTensor).float64[0]).toBe(x.data[0]);
  });

  test("names the index that a table does not have", async () => {
    const graph = trace("rows", { table: f32([3]), n: i32([1]) }, ({ table, n }) => ({ y: table.gather(n) }));
    const executable = await reference().compile(graph);
    const feeds = (n: number) => ({ table: hostF32([3], [1, 2, 3]), n: hostI32([1], [n]) });
    await expect(executable.run(feeds(3))).rejects.toThrow("gather: index 3 is outside 0..2");
    await expect(executable.run(feeds(-1))).rejects.toThrow("gather: index -1 is outside 0..2");
  });

  test("counts eight bytes an element, since that is what it holds", async () => {
    const backend = reference();
    const x = await backend.upload(hostF32([3], [1, 2, 3]));
    expect(backend.memory()).toEqual({ liveTensors: 1, liveBytes: 24 });
    x.dispose();
    expect(backend.memory()).toEqual({ liveTensors: 0, liveBytes: 0 });
  });

  test("does not take another backend's tensors", async () => {
    const graph = trace("double", { x: f32([1]) }, ({ x }) => ({ y: x.mul(2) }));
    const foreign = await reference().upload(hostF32([1], [1]));
    await expect((await reference().compile(graph)).run({ x: foreign })).rejects.toThrow("disposed of");
  });
});
