import { DitError } from "../../ir/errors";
import { type Port, stepGraph } from "../../ir/graph";
import { sizeOf } from "../../ir/shape";
import type { Tensor } from "../../ir/tensor";
import { lower, lowerScan } from "../../lower/lower";
import { schedule } from "../../lower/schedule";
import { type Backend, type DeviceTensor, type DeviceTensors, type Feed, isDeviceTensor } from "../backend";
import { bindConstants, disposeAll, matchFeeds, matchStacked } from "../feeds";
import { evaluate } from "./evaluate";
import { fromHost, newValue, toHost, type Value } from "./values";

/** Reads round to the dtype's host array, so the backend hands float64 out by its own type. */
export interface ReferenceTensor extends DeviceTensor {
  /** The values before rounding. */
  readonly float64: Float64Array;
}

const noComposites: ReadonlySet<never> = new Set();

/**
 * The oracle: interprets every graph in float64, in plain TypeScript. Slow (about 1 GFLOP/s), and right: what any other
 * backend computes is compared with it.
 */
export function reference(): Backend {
  const live = new Set<ReferenceTensor>();

  const wrap = (value: Value): ReferenceTensor => {
    const tensor: ReferenceTensor = {
      dtype: value.dtype,
      shape: value.shape,
      float64: value.data,
      read: async () => {
        if (!live.has(tensor)) throw new DitError("this tensor was disposed of");
        return toHost(value);
      },
      dispose: () => {
        live.delete(tensor);
      },
    };
    live.add(tensor);
    return tensor;
  };

  const valueOfFeed = (feed: Feed): Value => {
    if (!isDeviceTensor(feed)) return fromHost(feed);
    if (!live.has(feed as ReferenceTensor)) throw new DitError("a tensor was disposed of before it was used");
    return newValue(feed.dtype, feed.shape, (feed as ReferenceTensor).float64);
  };

  const wrapAll = (ports: readonly Port[], values: readonly Value[]): DeviceTensors =>
    Object.fromEntries(ports.map(({ name }, i) => [name, wrap(values[i]!)]));

  return {
    name: "reference",
    capabilities: { dtypes: ["f32", "i32", "bool"], nativeComposites: noComposites, scanStaysOnDevice: false },

    async compile(graph, { constants } = {}) {
      const lowered = lower(graph, noComposites);
      const plan = schedule(lowered);
      const { bound, free } = bindConstants(graph.name, graph.inputs, constants);
      const weights = valuesOf(bound);
      return {
        run: async (inputs) => {
          const given = new Map(weights);
          matchFeeds(graph.name, free, inputs).forEach((feed, i) => {
            given.set(free[i]!.tensor, valueOfFeed(feed));
          });
          return wrapAll(lowered.outputs, evaluate(plan, given));
        },
        dispose: async () => {},
      };
    },

    async compileScan(scan, { constants: bindings } = {}) {
      const plan = schedule(stepGraph(lowerScan(scan, noComposites)));
      const { bound, free } = bindConstants(scan.name, scan.constants, bindings);
      const weights = valuesOf(bound);
      return {
        run: async ({ constants = {}, carry, xs }) => {
          const given = new Map(weights);
          matchFeeds(scan.name, free, constants).forEach((feed, i) => {
            given.set(free[i]!.tensor, valueOfFeed(feed));
          });
          let state = matchFeeds(scan.name, scan.carry, carry).map((feed) => stored(valueOfFeed(feed)));
          const stacked = matchStacked(scan.name, scan.xs, xs);
          const slices = stacked.xs.map(valueOfFeed);
          const ys = scan.ys.map(({ tensor }) => newValue(tensor.dtype, [stacked.steps, ...tensor.shape]));
          for (let step = 0; step < stacked.steps; step++) {
            scan.carry.forEach(({ tensor }, i) => {
              given.set(tensor, state[i]!);
            });
            scan.xs.forEach(({ tensor }, i) => {
              given.set(tensor, sliceOf(slices[i]!, step, tensor));
            });
            const results = evaluate(plan, given);
            state = results.slice(0, state.length).map(stored);
            results.slice(state.length).forEach((y, i) => {
              ys[i]!.data.set(y.data, step * y.data.length);
            });
          }
          disposeAll(carry);
          return { carry: wrapAll(scan.carry, state), ys: wrapAll(scan.ys, ys) };
        },
        dispose: async () => {},
      };
    },

    upload: async (host) => wrap(fromHost(host)),
    memory: () => ({
      liveTensors: live.size,
      liveBytes: [...live].reduce((bytes, { float64 }) => bytes + float64.byteLength, 0),
    }),
    dispose: async () => live.clear(),
  };
}

function valuesOf(bound: ReturnType<typeof bindConstants>["bound"]): Map<Tensor, Value> {
  return new Map(bound.map(({ tensor, value }) => [tensor, fromHost(value)]));
}

/**
 * What is left of a carry between two steps: its dtype's precision. A state that went to a file and came back is then
 * the same state, so a resumed run repeats an uninterrupted one to the bit.
 */
function stored(value: Value): Value {
  return fromHost(toHost(value));
}

function sliceOf(stacked: Value, step: number, type: Tensor): Value {
  const size = sizeOf(type.shape);
  return newValue(type.dtype, type.shape, stacked.data.subarray(step * size, (step + 1) * size));
}
