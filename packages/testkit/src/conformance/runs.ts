import { type Backend, type DeviceTensors, type Feeds, type Graph, type HostTensor, reference } from "@dit/core";
import { disposeAll } from "@dit/core/internal";
import { expect } from "vitest";

export type HostTensors = Readonly<Record<string, HostTensor>>;

/** Compiles a graph, runs it once and frees everything. */
export async function runOn(
  backend: Backend,
  graph: Graph,
  feeds: Feeds,
  constants: HostTensors = {},
): Promise<HostTensors> {
  const executable = await backend.compile(graph, { constants });
  try {
    const outputs = await executable.run(feeds);
    const values = await readAll(outputs);
    disposeAll(outputs);
    return values;
  } finally {
    await executable.dispose();
  }
}

/** The same on the reference. */
export function expectedOf(graph: Graph, feeds: Feeds): Promise<HostTensors> {
  return runOn(reference(), graph, feeds);
}

export async function readAll(tensors: DeviceTensors): Promise<HostTensors> {
  const read = Object.entries(tensors).map(async ([name, tensor]) => [name, await tensor.read()] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** Floats within `tolerance` of the largest value expected (and of 0.1, where all are smaller), everything else equal. */
export function expectClose(actual: HostTensors, expected: HostTensors, tolerance: number): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
    const seen = actual[name]!;
    expect({ name, dtype: seen.dtype, shape: [...seen.shape] }).toEqual({ name, dtype, shape: [...shape] });
    if (dtype !== "f32") expect([...seen.data], name).toEqual([...data]);
    else expect(largestError(seen.data, data), `error of ${name}`).toBeLessThanOrEqual(tolerance);
  }
}

function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let scale = 0.1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / scale;
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  return largest;
}
