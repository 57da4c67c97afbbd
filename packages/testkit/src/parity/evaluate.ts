import {
  type Backend,
  type DeviceTensor,
  type DeviceTensors,
  type Feeds,
  type Graph,
  type HostTensor,
  hostF32,
  hostI32,
  hostZeros,
  type Scan,
  type ScanFeeds,
} from "@dit/core";
import { disposeAll, type ReferenceTensor } from "@dit/core/internal";
import type { Values } from "./fixture";

export type Results = Readonly<Record<string, Values>>;

/** Runs a graph once for each feed, compiled once. */
export async function evaluate(backend: Backend, graph: Graph, ...feeds: readonly Feeds[]): Promise<Results[]> {
  const executable = await backend.compile(graph);
  try {
    const results: Results[] = [];
    for (const feed of feeds) results.push(await readAll(await executable.run(feed)));
    return results;
  } finally {
    await executable.dispose();
  }
}

/** Runs a scan once. */
export async function evaluateScan(
  backend: Backend,
  scan: Scan,
  feeds: ScanFeeds,
): Promise<{ carry: Results; ys: Results }> {
  const executable = await backend.compileScan(scan);
  try {
    const { carry, ys } = await executable.run(feeds);
    return { carry: await readAll(carry), ys: await readAll(ys) };
  } finally {
    await executable.dispose();
  }
}

/** The values of device tensors, which are then let go. */
export async function readAll(tensors: DeviceTensors): Promise<Results> {
  const entries = await Promise.all(
    Object.entries(tensors).map(async ([name, tensor]) => [name, await valuesOf(tensor)] as const),
  );
  disposeAll(tensors);
  return Object.fromEntries(entries);
}

/** The reference backend computes in float64 and rounds when it is read; the check wants what it computed. */
async function valuesOf(tensor: DeviceTensor | ReferenceTensor): Promise<Values> {
  return "float64" in tensor ? { shape: tensor.shape, data: tensor.float64 } : tensor.read();
}

/** [K, ...] from K tensors. */
export function stacked<D extends "f32" | "i32">(count: number, at: (k: number) => HostTensor<D>): HostTensor<D> {
  const parts = Array.from({ length: count }, (_, k) => at(k));
  const { dtype, shape, data } = parts[0]!;
  const out = hostZeros(dtype, [count, ...shape]);
  parts.forEach((part, k) => {
    out.data.set(part.data, k * data.length);
  });
  return out;
}

/** One value for each of `count` samples. */
export function repeated(value: number, count: number): HostTensor<"i32"> {
  return hostI32([count], new Array<number>(count).fill(value));
}

/** The first `count` rows. */
export function firstRows({ shape, data }: Values, count: number): HostTensor<"f32"> {
  const rows = Array.from(data).slice(0, (count * data.length) / shape[0]!);
  return hostF32([count, ...shape.slice(1)], rows);
}
