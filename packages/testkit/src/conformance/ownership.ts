import { f32, hostF32, trace } from "@dit/core";
import { disposeAll } from "@dit/core/internal";
import { expect } from "vitest";
import { recurrence, recurrenceCarry, recurrenceConstants, recurrenceXs } from "./scans";
import type { Suite } from "./suite";

const doubling = trace("doubling", { x: f32([2]) }, ({ x }) => ({ y: x.mul(2), z: x.add(1) }));

/** Inputs are borrowed unless donated; outputs belong to the caller; nothing else stays alive. */
export function testOwnership({ check }: Suite): void {
  check("a device tensor is borrowed, and may be used again", async (backend) => {
    const executable = await backend.compile(doubling);
    const x = await backend.upload(hostF32([2], [1, 2]));
    for (let i = 0; i < 2; i++) {
      const outputs = await executable.run({ x });
      expect([...(await outputs.y!.read()).data]).toEqual([2, 4]);
      disposeAll(outputs);
    }
    expect([...(await x.read()).data]).toEqual([1, 2]);
    x.dispose();
    await executable.dispose();
  });

  check("outputs are inputs of the next graph, and outlive what made them", async (backend) => {
    const executable = await backend.compile(doubling);
    const first = await executable.run({ x: hostF32([2], [1, 2]) });
    const second = await executable.run({ x: first.y! });
    disposeAll(first);
    await executable.dispose();
    expect([...(await second.y!.read()).data]).toEqual([4, 8]);
    disposeAll(second);
  });

  check("an uploaded array may be written over", async (backend) => {
    const host = hostF32([2], [1, 2]);
    const x = await backend.upload(host);
    host.data.fill(9);
    expect([...(await x.read()).data]).toEqual([1, 2]);
    x.dispose();
  });

  check("a tensor that was disposed of can be neither read nor used", async (backend) => {
    const executable = await backend.compile(doubling);
    const x = await backend.upload(hostF32([2], [1, 2]));
    x.dispose();
    await expect(x.read()).rejects.toThrow(/disposed/);
    await expect(executable.run({ x })).rejects.toThrow(/disposed/);
    await executable.dispose();
  });

  check("a carry on the device is donated, the other inputs of a scan are borrowed", async (backend) => {
    const executable = await backend.compileScan(recurrence);
    const [x, w, scale] = await Promise.all([
      backend.upload(recurrenceCarry.x),
      backend.upload(recurrenceConstants.w),
      backend.upload(recurrenceXs(2).scale),
    ]);
    const { carry, ys } = await executable.run({
      constants: { ...recurrenceConstants, w },
      carry: { ...recurrenceCarry, x },
      xs: { ...recurrenceXs(2), scale },
    });
    await expect(x.read()).rejects.toThrow(/disposed/);
    expect((await w.read()).data).toEqual(recurrenceConstants.w.data);
    expect((await scale.read()).data).toEqual(recurrenceXs(2).scale.data);
    for (const tensor of [w, scale]) tensor.dispose();
    disposeAll(carry);
    disposeAll(ys);
    await executable.dispose();
  });

  check("what was read stays as it was, and so does what was fed", async (backend) => {
    const executable = await backend.compileScan(recurrence, { constants: recurrenceConstants });
    const fed = recurrenceCarry.x.data.slice();
    const first = await executable.run({ carry: recurrenceCarry, xs: recurrenceXs(2) });
    const { data } = await first.carry.x!.read();
    const copy = data.slice();
    const second = await executable.run({ carry: first.carry, xs: recurrenceXs(2) });
    expect(data).toEqual(copy);
    expect(recurrenceCarry.x.data).toEqual(fed);
    for (const tensors of [first.ys, second.carry, second.ys]) disposeAll(tensors);
    await executable.dispose();
  });

  check("many runs of a graph keep no more tensors than one", async (backend) => {
    const executable = await backend.compile(doubling);
    const x = await backend.upload(hostF32([2], [1, 2]));
    const live: number[] = [];
    for (let i = 0; i < 5; i++) {
      disposeAll(await executable.run({ x }));
      live.push(backend.memory().liveTensors);
    }
    expect(live).toEqual(live.map(() => live[0]));
    x.dispose();
    await executable.dispose();
  });

  check("many runs of a scan keep no more tensors than one", async (backend) => {
    const executable = await backend.compileScan(recurrence, { constants: recurrenceConstants });
    const before = backend.memory().liveTensors;
    let { carry, ys } = await executable.run({ carry: recurrenceCarry, xs: recurrenceXs(2) });
    expect(backend.memory().liveTensors - before).toBe(4);
    for (let i = 0; i < 5; i++) {
      disposeAll(ys);
      ({ carry, ys } = await executable.run({ carry, xs: recurrenceXs(3) }));
      expect(backend.memory().liveTensors - before).toBe(4);
    }
    disposeAll(carry);
    disposeAll(ys);
    expect(backend.memory().liveTensors).toBe(before);
    await executable.dispose();
  });

  check("memory counts tensors and their bytes", async (backend) => {
    const before = backend.memory();
    const x = await backend.upload(hostF32([2, 3], new Float32Array(6)));
    const during = backend.memory();
    expect(during.liveTensors - before.liveTensors).toBe(1);
    expect(during.liveBytes - before.liveBytes).toBeGreaterThanOrEqual(24);
    x.dispose();
    x.dispose();
    expect(backend.memory()).toEqual(before);
  });
}
