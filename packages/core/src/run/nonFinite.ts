import { concat } from "../ir/create";
import { isFloat } from "../ir/dtype";
import { type Graph, nodesOf, type Scan, stepGraph } from "../ir/graph";
import { type HostTensor, hostTensor } from "../ir/hostTensor";
import { typeOf } from "../ir/print";
import { sizeOf } from "../ir/shape";
import type { Tensor } from "../ir/tensor";
import type { Backend, DeviceTensors, Feeds } from "./backend";
import { disposeAll } from "./feeds";

/** Steps of a scan to go through again, from the carry that it had before the first of them. */
export interface Replay {
  /** Constants that are bound, as when the scan was compiled. */
  readonly bound?: Readonly<Record<string, HostTensor>>;
  /** The other ones. */
  readonly constants: Feeds;
  /** Stays the caller's. */
  readonly carry: Feeds;
  /** What each step reads, stacked as for a scan: [K, ...]. */
  readonly xs: Readonly<Record<string, HostTensor>>;
}

/**
 * A debugging run: says which value is the first that is infinite or no number though all that it was made from are finite,
 * by operation, type and model path, such as `exp f32[2, 64] in blocks.0.attn`; or which input is, where none is made.
 * Undefined when all are finite. A step takes about twice as long as it otherwise does.
 */
export async function firstNonFinite(
  backend: Backend,
  scan: Scan,
  { bound = {}, constants, carry, xs }: Replay,
): Promise<string | undefined> {
  const { graph, suspects } = watched(stepGraph(scan));
  const executable = await backend.compile(graph, { constants: bound });
  const steps = Object.values(xs)[0]!.shape[0]!;
  let made: string | undefined;
  let given: string | undefined;
  let current = carry;
  try {
    // A value that a step overcomes, as gradients in half precision, is not to blame for what goes wrong in a later one.
    for (let step = 0; step < steps && given === undefined; step++) {
      const outputs = await executable.run({ ...constants, ...current, ...rowsOf(xs, step) });
      if (current !== carry) disposeAll(current);
      const bad = suspects[await firstBad(outputs)];
      if (bad !== undefined) {
        if (bad.is("input")) given = `the input ${graph.inputs.find(({ tensor }) => tensor === bad)!.name}`;
        else made = `${bad.op} ${typeOf(bad)} in ${bad.scope === "" ? scan.name : bad.scope}`;
      }
      current = Object.fromEntries(scan.carry.map(({ name }) => [name, outputs[`next.${name}`]!]));
      disposeAll(Object.fromEntries(Object.entries(outputs).filter(([name]) => !name.startsWith("next."))));
    }
    return made ?? given;
  } finally {
    if (current !== carry) disposeAll(current);
    await executable.dispose();
  }
}

/** A graph that also says of each value whether it is finite, in vectors of zeros where it is. */
function watched(graph: Graph): { graph: Graph; suspects: readonly Tensor[] } {
  const suspects = nodesOf(graph).filter(
    ({ op, dtype, shape }) => isFloat(dtype) && op !== "constant" && sizeOf(shape) > 0,
  );
  const groups = Array.from({ length: Math.ceil(suspects.length / groupSize) }, (_, i) =>
    suspects.slice(i * groupSize, (i + 1) * groupSize),
  );
  // 0 times what is infinite or no number is no number, and so is a sum with it.
  const zeros = groups.map((group) =>
    concat(
      group.map((x) => x.cast("f32").mul(0).sum().reshape([1])),
      0,
    ),
  );
  const outputs = zeros.map((tensor, i) => ({ name: `${flags}${i}`, tensor }));
  return { graph: { ...graph, outputs: [...graph.outputs, ...outputs] }, suspects };
}

const flags = "isFinite.";

/** Values that share an output: few enough for every device's way to join tensors. */
const groupSize = 64;

/** Number of the first value that is not finite, or as many as there are. */
async function firstBad(outputs: DeviceTensors): Promise<number> {
  for (let i = 0, seen = 0; ; i++) {
    const flag = outputs[`${flags}${i}`];
    if (flag === undefined) return seen;
    const { data } = await flag.read();
    const at = data.findIndex((v) => !Number.isFinite(v));
    if (at >= 0) return seen + at;
    seen += data.length;
  }
}

function rowsOf(xs: Readonly<Record<string, HostTensor>>, row: number): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(xs).map(([name, { dtype, shape, data }]) => {
      const rest = shape.slice(1);
      const size = sizeOf(rest);
      return [name, hostTensor(dtype, rest, data.subarray(row * size, (row + 1) * size) as never)];
    }),
  );
}
