import { DitError } from "../ir/errors";
import type { Port } from "../ir/graph";
import { type HostTensor, hostF32 } from "../ir/hostTensor";
import type { TensorType } from "../ir/ops";
import { typeOf } from "../ir/print";
import { sameShape } from "../ir/shape";
import type { DeviceTensors, Feed, Feeds } from "./backend";

interface Wanted {
  readonly name: string;
  readonly tensor: TensorType;
}

/**
 * The feed of each port, in the ports' order.
 * @throws DitError when one is missing, unknown or of another type
 */
export function matchFeeds(graph: string, ports: readonly Wanted[], feeds: Feeds): Feed[] {
  const unknown = Object.keys(feeds).find((name) => !ports.some((port) => port.name === name));
  if (unknown !== undefined) throw new DitError(`${graph} has no input ${unknown}`);
  return ports.map(({ name, tensor }) => {
    const feed = feeds[name];
    if (feed === undefined) throw new DitError(`${graph}: input ${name} (${typeOf(tensor)}) is missing`);
    if (feed.dtype !== tensor.dtype || !sameShape(feed.shape, tensor.shape)) {
      throw new DitError(`${graph}: input ${name} must be ${typeOf(tensor)}, got ${typeOf(feed)}`);
    }
    return feed;
  });
}

/** The feeds of a scan's `xs` in the ports' order, and the number of steps they are stacked for. */
export function matchStacked(scan: string, ports: readonly Port[], feeds: Feeds): { steps: number; xs: Feed[] } {
  const first = Object.values(feeds)[0];
  if (first === undefined) throw new DitError(`${scan}: a scan needs at least one stacked input to know its length`);
  const steps = first.shape[0];
  if (steps === undefined)
    throw new DitError(`${scan}: stacked inputs have the steps as their first axis, got a scalar`);
  const stacked = ports.map(({ name, tensor: { dtype, shape } }) => ({
    name,
    tensor: { dtype, shape: [steps, ...shape] },
  }));
  return { steps, xs: matchFeeds(scan, stacked, feeds) };
}

/**
 * The values bound at compile time by port, and the ports left for each run.
 * @throws DitError when a bound value is of another type than its port, or has none
 */
export function bindConstants(
  graph: string,
  ports: readonly Port[],
  constants: Readonly<Record<string, HostTensor>> = {},
) {
  const bound = ports.filter(({ name }) => name in constants);
  const unknown = Object.keys(constants).find((name) => !bound.some((port) => port.name === name));
  if (unknown !== undefined) throw new DitError(`${graph} has no input ${unknown}`);
  matchFeeds(graph, bound, constants);
  return {
    bound: bound.map((port) => ({ ...port, value: constants[port.name]! })),
    free: ports.filter((port) => !bound.includes(port)),
  };
}

/** Rows of numbers, one row a step, as the stacked scalars that a scan reads: each column a tensor [K]. */
export function stackScalars(rows: readonly Readonly<Record<string, number>>[]): Record<string, HostTensor<"f32">> {
  const column = (name: string) => Float32Array.from(rows, (row) => row[name]!);
  return Object.fromEntries(Object.keys(rows[0] ?? {}).map((name) => [name, hostF32([rows.length], column(name))]));
}

/** Frees every device tensor of a record. */
export function disposeAll(feeds: Feeds | DeviceTensors): void {
  for (const feed of Object.values(feeds)) if ("dispose" in feed) feed.dispose();
}
