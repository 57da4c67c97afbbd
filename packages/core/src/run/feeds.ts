import { DitError } from "../ir/errors";
import type { Port } from "../ir/graph";
import { typeOf } from "../ir/print";
import { type Shape, sameShape } from "../ir/shape";
import type { DeviceTensors, Feed, Feeds } from "./backend";

/**
 * The feed of each port, in the ports' order.
 * @throws DitError when one is missing, unknown or of another type
 */
export function matchFeeds(graph: string, ports: readonly Port[], feeds: Feeds): Feed[] {
  const unknown = Object.keys(feeds).find((name) => !ports.some((port) => port.name === name));
  if (unknown !== undefined) throw new DitError(`${graph} has no input ${unknown}`);
  return ports.map(({ name, tensor }) => {
    const feed = feeds[name];
    if (feed === undefined) throw new DitError(`${graph}: input ${name} (${typeOf(tensor)}) is missing`);
    requireType(graph, name, feed, tensor.dtype, tensor.shape);
    return feed;
  });
}

/** The feeds of a scan's `xs` in the ports' order, and the number of steps they are stacked for. */
export function matchStacked(scan: string, ports: readonly Port[], feeds: Feeds): { steps: number; xs: Feed[] } {
  const steps = Object.values(feeds)[0]?.shape[0];
  if (steps === undefined) throw new DitError(`${scan}: a scan needs at least one stacked input to know its length`);
  const stacked = ports.map(({ name, tensor }) => ({
    name,
    tensor: { ...tensor, dtype: tensor.dtype, shape: [steps, ...tensor.shape] } as unknown as Port["tensor"],
  }));
  return { steps, xs: matchFeeds(scan, stacked, feeds) };
}

function requireType(graph: string, name: string, feed: Feed, dtype: string, shape: Shape): void {
  if (feed.dtype !== dtype || !sameShape(feed.shape, shape)) {
    throw new DitError(`${graph}: input ${name} must be ${dtype}[${shape.join(", ")}], got ${typeOf(feed)}`);
  }
}

/** Frees every tensor of a record. */
export function disposeAll(tensors: DeviceTensors): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}
