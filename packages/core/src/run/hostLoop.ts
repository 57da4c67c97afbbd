import type { Port, Scan } from "../ir/graph";
import type { HostTensor } from "../ir/hostTensor";
import { sizeOf } from "../ir/shape";
import type { Tensor } from "../ir/tensor";
import { type Feed, isDeviceTensor } from "./backend";

/** What a loop on the host asks of a runtime that holds values `V`. */
export interface LoopDevice<V> {
  /** A handle on a feed's value, to be used in many steps. */
  take(feed: Feed): V | Promise<V>;
  /** A handle on what one step reads. */
  lend(host: HostTensor): V;
  /** The outputs of a step, in the order of `stepGraph`, for the values of its inputs. */
  run(inputs: ReadonlyMap<Tensor, V>): readonly V[] | Promise<readonly V[]>;
  /** Values of one type, one a step, as one of [K, ...]. */
  stack(rows: readonly V[], type: Tensor): V | Promise<V>;
  free(value: V): void;
}

/** What the steps of a scan run on: feeds in the order of its ports. */
export interface LoopInputs {
  /** The constants that were not bound at compile. */
  readonly constants: readonly (readonly [Port, Feed])[];
  readonly carry: readonly Feed[];
  readonly xs: readonly Feed[];
  readonly steps: number;
}

/**
 * The steps of a scan, one after the other, for runtimes without a loop of their own. The carry goes from step to step as it
 * is, in the device's memory, and no value is waited for, so that the host works ahead of a GPU; between two steps it hears
 * of signals and clicks. Returns the last carry and the stacked outputs. Whatever else it made is freed, also when a step
 * throws.
 */
export async function hostLoop<V>(
  device: LoopDevice<V>,
  scan: Scan,
  { constants, carry, xs, steps }: LoopInputs,
): Promise<{ readonly carry: readonly V[]; readonly ys: readonly V[] }> {
  const held = new Set<V>();
  const hold = <T extends V | readonly V[]>(made: T): T => {
    for (const value of (Array.isArray(made) ? made : [made]) as V[]) held.add(value);
    return made;
  };
  const drop = (values: Iterable<V>) => {
    for (const value of [...values]) if (held.delete(value)) device.free(value);
  };
  const takeAll = async (feeds: readonly Feed[]) => {
    const values: V[] = [];
    for (const feed of feeds) values.push(hold(await device.take(feed)));
    return values;
  };
  try {
    const fixed = await takeAll(constants.map(([, feed]) => feed));
    let state: readonly V[] = await takeAll(carry);
    const stacks: HostTensor[] = [];
    for (const feed of xs) {
      const { dtype, shape, data } = isDeviceTensor(feed) ? await feed.read() : feed;
      stacks.push({ dtype, shape, data } as HostTensor);
    }
    const rows: (readonly V[])[] = [];
    for (let step = 0; step < steps; step++) {
      const values = new Map<Tensor, V>(constants.map(([{ tensor }], i) => [tensor, fixed[i]!]));
      scan.carry.forEach(({ tensor }, i) => {
        values.set(tensor, state[i]!);
      });
      const read = scan.xs.map(({ tensor }, i) => {
        const value = hold(device.lend(rowOf(stacks[i]!, step)));
        values.set(tensor, value);
        return value;
      });
      const outputs = hold(await device.run(values));
      drop(read);
      drop(state);
      state = outputs.slice(0, carry.length);
      rows.push(outputs.slice(carry.length));
      await pause();
    }
    const ys: V[] = [];
    for (const [i, { tensor }] of scan.ys.entries()) {
      const column = rows.map((row) => row[i]!);
      ys.push(hold(await device.stack(column, tensor)));
      drop(column);
    }
    for (const value of [...state, ...ys]) held.delete(value);
    return { carry: state, ys };
  } finally {
    drop(held);
  }
}

/** Row `step` of a stack [K, ...], without a copy. */
function rowOf({ dtype, shape: [, ...shape], data }: HostTensor, step: number): HostTensor {
  const size = sizeOf(shape);
  return { dtype, shape, data: data.subarray(step * size, (step + 1) * size) } as HostTensor;
}

/** Lets what waits in the event loop have its turn. A timer would do so too, but browsers make those wait for 4 ms. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }
  });
}
