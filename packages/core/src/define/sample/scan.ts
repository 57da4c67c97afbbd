import type { Scan } from "../../ir/graph";
import { type HostTensor, hostF32, hostZeros } from "../../ir/hostTensor";
import type { Shape } from "../../ir/shape";
import type { F32 } from "../../ir/tensor";
import { f32, type Traced } from "../../trace/signature";
import { traceScan } from "../../trace/trace";
import { type StepOptions, samplerStep, stateOf } from "./step";
import { columnsOf, type SamplerRow, type SamplerTable } from "./table";

export interface SamplerScanOptions<C extends object> extends Omit<StepOptions, "learnedVariance"> {
  readonly name: string;
  readonly table: SamplerTable;
  /** What is sampled, [N, C, I, J]. */
  readonly image: Shape;
  /** Types of what stays the same in every step: weights, labels. */
  readonly constants: C;
  /** x: [N, C, I, J], timestep: [] -> [N, out, I, J] */
  readonly network: (constants: Traced<C>, x: F32, timestep: F32) => F32;
  /** Whether each call also puts out its state `x` and the image `x0` that the network sees. */
  readonly previews?: boolean;
}

/**
 * A sampling run as a scan over the rows of its table. Carry: `x`, and what of its past the table reads. xs: the row's
 * scalars, and noise where the table adds any. A column that is neutral in every row is not in the graph at all.
 */
export function samplerScan<C extends object>(options: SamplerScanOptions<C>): Scan {
  const { name, table, image, constants, network, previews = false } = options;
  const columns = columnsOf(table);
  const state = Object.fromEntries(stateOf(columns).map((part) => [part, f32(image)])) as { x: ReturnType<typeof f32> };
  const row = Object.fromEntries(columns.map((column) => [column, f32([])]));
  const noise = isNoisy(table) ? { noise: f32(image) } : {};
  const signature = { constants, carry: state, xs: { row, ...noise } };
  const scan = traceScan(name, signature, ({ constants, carry, xs }) => {
    const predict = (x: F32, t: F32) => network(constants as Traced<C>, x, t);
    const given = (xs as { noise?: F32 }).noise;
    const next = samplerStep(xs.row, carry, predict, given, { ...options, learnedVariance: table.learnedVariance });
    return { carry: next.state, ys: previews ? { x: next.state.x, x0: next.x0 } : {} };
  });
  return { ...scan, samples: [...Object.keys(state), ...Object.keys(noise)] };
}

/** Whether a run draws noise after its start. */
export function isNoisy({ rows }: SamplerTable): boolean {
  return rows.some(({ std, noiseBefore }) => std !== 0 || noiseBefore !== 0);
}

/** The first carry: x from standard normal noise, and zeros for what has no past yet. */
export function firstCarry(table: SamplerTable, noise: HostTensor<"f32">): Record<string, HostTensor<"f32">> {
  const start =
    table.startScale === 1
      ? noise
      : hostF32(
          noise.shape,
          noise.data.map((z) => z * table.startScale),
        );
  const past = stateOf(columnsOf(table)).slice(1);
  return { x: start, ...Object.fromEntries(past.map((part) => [part, hostZeros("f32", noise.shape)])) };
}

/** The rows from `first` on as the stacked scalars that the scan reads, `row.<column>`. */
export function rowFeeds(table: SamplerTable, first = 0, count = table.rows.length): Record<string, HostTensor<"f32">> {
  const rows: readonly SamplerRow[] = table.rows.slice(first, first + count);
  return Object.fromEntries(
    columnsOf(table).map((column) => [
      `row.${column}`,
      hostF32(
        [rows.length],
        Float32Array.from(rows, (row) => row[column]),
      ),
    ]),
  );
}
