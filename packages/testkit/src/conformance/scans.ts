import { f32, type HostTensor, hostF32, hostI32, hostZeros, i32, type Scan, traceScan } from "@dit/core";
import { disposeAll, stepGraph } from "@dit/core/internal";
import { expect } from "vitest";
import { formulaInput } from "../formula";
import { expectClose, type HostTensors, readAll, runOn } from "./runs";
import type { Suite } from "./suite";

/** A recurrent step: x = scale * tanh(x w + b) + u, with a counter beside it. */
export const recurrence = traceScan(
  "recurrence",
  {
    constants: { w: f32([3, 3]), b: f32([3]) },
    carry: { x: f32([2, 3]), count: i32([]) },
    xs: { u: f32([2, 3]), scale: f32([]) },
  },
  ({ constants: { w, b }, carry: { x, count }, xs: { u, scale } }) => {
    const next = x.matmul(w).add(b).tanh().mul(scale).add(u);
    return { carry: { x: next, count: count.add(1) }, ys: { energy: next.square().sum(), before: x } };
  },
);

export const recurrenceConstants = { w: formulaInput("w", [3, 3]), b: formulaInput("b", [3]) };
export const recurrenceCarry = { x: formulaInput("x", [2, 3]), count: hostI32([], [7]) };
export const recurrenceXs = (steps: number, first = 0) => {
  const u = formulaInput("u", [first + steps, 2, 3]).data.slice(first * 6);
  const scale = formulaInput("scale", [first + steps]).data.slice(first);
  return { u: hostF32([steps, 2, 3], u), scale: hostF32([steps], scale) };
};

/** Loops that stay on the device. */
export function testScans({ check, tolerance }: Suite): void {
  for (const steps of [1, 2, 5]) {
    check(`a scan of ${steps} equals as many single steps`, async (backend) => {
      const executable = await backend.compileScan(recurrence);
      const constants = recurrenceConstants;
      const xs = recurrenceXs(steps);
      const { carry, ys } = await executable.run({ constants, carry: recurrenceCarry, xs });
      const step = (given: HostTensors) => runOn(backend, stepGraph(recurrence), given);
      const expected = await repeated(recurrence, step, constants, recurrenceCarry, xs, steps);
      expectClose(await readAll(carry), expected.carry, tolerance);
      expectClose(await readAll(ys), expected.ys, tolerance);
      disposeAll(carry);
      disposeAll(ys);
      await executable.dispose();
    });
  }

  check("a scan of no steps returns its carry as it was, and outputs of no rows", async (backend) => {
    const executable = await backend.compileScan(recurrence, { constants: recurrenceConstants });
    const x = await backend.upload(recurrenceCarry.x);
    const { carry, ys } = await executable.run({ carry: { ...recurrenceCarry, x }, xs: recurrenceXs(0) });
    expectClose(await readAll(carry), recurrenceCarry, 0);
    expectClose(await readAll(ys), { energy: hostZeros("f32", [0]), before: hostZeros("f32", [0, 2, 3]) }, 0);
    disposeAll(carry);
    disposeAll(ys);
    await executable.dispose();
  });

  check("constants bound at compile equal those given at run", async (backend) => {
    const { w, b } = recurrenceConstants;
    const results: HostTensors[] = [];
    for (const [bound, given] of [
      [{}, { w, b }],
      [{ w }, { b }],
      [{ w, b }, {}],
    ] as const) {
      const executable = await backend.compileScan(recurrence, { constants: bound });
      const { carry, ys } = await executable.run({ constants: given, carry: recurrenceCarry, xs: recurrenceXs(3) });
      results.push({ ...(await readAll(carry)), ...(await readAll(ys)) });
      disposeAll(carry);
      disposeAll(ys);
      await executable.dispose();
    }
    expectClose(results[1]!, results[0]!, tolerance);
    expectClose(results[2]!, results[0]!, tolerance);
  });

  check("a scan goes on from its carry, with another number of steps", async (backend) => {
    const executable = await backend.compileScan(recurrence, { constants: recurrenceConstants });
    const whole = await executable.run({ carry: recurrenceCarry, xs: recurrenceXs(5) });
    const first = await executable.run({ carry: recurrenceCarry, xs: recurrenceXs(2) });
    const rest = await executable.run({ carry: first.carry, xs: recurrenceXs(3, 2) });
    expectClose(await readAll(rest.carry), await readAll(whole.carry), tolerance);
    const { energy } = await readAll(whole.ys);
    expectClose(await readAll({ energy: rest.ys.energy! }), { energy: hostF32([3], energy!.data.slice(2)) }, tolerance);
    for (const tensors of [whole.carry, whole.ys, first.ys, rest.carry, rest.ys]) disposeAll(tensors);
    await executable.dispose();
  });

  check("a carry may trade places, stay as it is, and be an output", async (backend) => {
    const types = { a: f32([2]), b: f32([2]), kept: f32([]) };
    const scan = traceScan(
      "trade",
      { constants: {}, carry: types, xs: { x: f32([2]) } },
      ({ carry: { a, b, kept }, xs }) => ({
        carry: { a: b, b: a, kept },
        ys: { a, x: xs.x, again: xs.x, kept },
      }),
    );
    const executable = await backend.compileScan(scan);
    const xs = { x: hostF32([3, 2], [1, 2, 3, 4, 5, 6]) };
    const carry = { a: hostF32([2], [10, 20]), b: hostF32([2], [30, 40]), kept: hostF32([], [7]) };
    const result = await executable.run({ carry, xs });
    const expectedCarry = { a: carry.b, b: carry.a, kept: carry.kept };
    expectClose(await readAll(result.carry), expectedCarry, 0);
    const a = hostF32([3, 2], [10, 20, 30, 40, 10, 20]);
    expectClose(await readAll(result.ys), { a, x: xs.x, again: xs.x, kept: hostF32([3], [7, 7, 7]) }, 0);
    disposeAll(result.carry);
    disposeAll(result.ys);
    await executable.dispose();
  });

  check("a scan may have no outputs but its carry", async (backend) => {
    const signature = { constants: {}, carry: { sum: f32([]) }, xs: { x: f32([]) } };
    const scan = traceScan("sum", signature, ({ carry, xs }) => ({ carry: { sum: carry.sum.add(xs.x) }, ys: {} }));
    const executable = await backend.compileScan(scan);
    const { carry, ys } = await executable.run({
      carry: { sum: hostF32([], [0]) },
      xs: { x: hostF32([4], [1, 2, 3, 4]) },
    });
    expect((await carry.sum!.read()).data[0]).toBe(10);
    expect(ys).toEqual({});
    disposeAll(carry);
    await executable.dispose();
  });
}

/** The same by a step at a time, through the host. */
async function repeated(
  scan: Scan,
  step: (feeds: HostTensors) => Promise<HostTensors>,
  constants: HostTensors,
  carry: HostTensors,
  xs: HostTensors,
  steps: number,
) {
  const rows: HostTensors[] = [];
  for (let i = 0; i < steps; i++) {
    const outputs = await step({ ...constants, ...carry, ...mapValues(xs, (x) => rowOf(x, i)) });
    carry = mapValues(carry, (_, name) => outputs[`next.${name}`]!);
    rows.push(outputs);
  }
  const ys = scan.ys.map(({ name }) => [name, stacked(rows.map((row) => row[name]!))] as const);
  return { carry, ys: Object.fromEntries(ys) };
}

function rowOf({ shape: [steps, ...shape], data }: HostTensor, i: number): HostTensor {
  const size = data.length / steps!;
  return hostF32(shape, data.slice(i * size, (i + 1) * size));
}

function stacked(rows: readonly HostTensor[]): HostTensor {
  return hostF32(
    [rows.length, ...rows[0]!.shape],
    rows.flatMap(({ data }) => [...data]),
  );
}

function mapValues(record: HostTensors, change: (value: HostTensor, name: string) => HostTensor): HostTensors {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}
