/**
 * One call of the network in a sampling run, as numbers, computed once on the host in float64. A run is a list of rows,
 * and the row says everything: whatever the solver, a device runs the same few linear combinations (see `samplerStep`).
 *
 *     x      = x + noiseBefore * noise
 *     anchor = starts * x + (1 - starts) * anchor
 *     o      = network(inputScale * x, timestep)
 *     x0     = x0FromX * x + x0FromOutput * o, clamped if asked for
 *     d      = dFromX * x + dFromX0 * x0 + dFromOutput * o
 *     x      = fromX * x + fromAnchor * anchor + fromD * d + fromD1 * d1 + fromD2 * d2 + fromD3 * d3 + std * noise
 *     d3, d2, d1 = d2, d1, d
 *
 * `d` is what the solver combines: the image, the noise or the velocity; `d1` to `d3` are those of the calls before.
 * `anchor` is x at the start of a step that takes several calls. Where the variance is learned, `std` is multiplied by
 * the deviation that the network's value picks between the two log variances.
 */
export interface SamplerRow {
  readonly timestep: number;
  readonly inputScale: number;
  readonly noiseBefore: number;
  /** 1 where a step starts, 0 where it goes on. */
  readonly starts: number;
  readonly x0FromX: number;
  readonly x0FromOutput: number;
  readonly dFromX: number;
  readonly dFromX0: number;
  readonly dFromOutput: number;
  readonly fromX: number;
  readonly fromAnchor: number;
  readonly fromD: number;
  readonly fromD1: number;
  readonly fromD2: number;
  readonly fromD3: number;
  readonly std: number;
  readonly logVarianceLow: number;
  readonly logVarianceHigh: number;
}

export type RowColumn = keyof SamplerRow;

/** The values that a row has where its sampler says nothing, and that cost nothing: a column of them is left out. */
const neutral: SamplerRow = {
  timestep: 0,
  inputScale: 1,
  noiseBefore: 0,
  starts: 1,
  x0FromX: 0,
  x0FromOutput: 0,
  dFromX: 0,
  dFromX0: 1,
  dFromOutput: 0,
  fromX: 0,
  fromAnchor: 0,
  fromD: 0,
  fromD1: 0,
  fromD2: 0,
  fromD3: 0,
  std: 0,
  logVarianceLow: 0,
  logVarianceHigh: 0,
};

/** A whole sampling run, in the order in which the network is called. */
export interface SamplerTable {
  readonly rows: readonly SamplerRow[];
  /** Whether the noise is scaled by the variance that the network learned. */
  readonly learnedVariance: boolean;
  /** What standard normal noise is multiplied with to make the first x. */
  readonly startScale: number;
}

/** A row from the columns that a sampler uses. */
export function samplerRow(columns: Partial<SamplerRow>): SamplerRow {
  return { ...neutral, ...columns };
}

/** The columns that are not neutral in every row: those that the step must read. */
export function columnsOf({ rows }: Pick<SamplerTable, "rows">): RowColumn[] {
  const names = Object.keys(neutral) as RowColumn[];
  return names.filter((name) => name === "timestep" || rows.some((row) => row[name] !== neutral[name]));
}
