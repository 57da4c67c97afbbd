import type { SamplerRow } from "../define/sample/table";

/** Rows of a sampler's table that one call of the backend goes through. */
export interface SamplingCall {
  readonly first: number;
  readonly count: number;
  readonly isGuided: boolean;
  /** Sampling steps that are done after it. */
  readonly stepsDone: number;
}

/**
 * Cuts a run into calls: of whole steps, at most `stepsPerCall` of them, none across a multiple of `stopEvery` steps,
 * where someone wants to look. Where guidance sets in or ends a call does, too, within a step if need be.
 */
export function samplingCalls(
  rows: readonly SamplerRow[],
  isGuided: (row: SamplerRow) => boolean,
  stepsPerCall: number,
  stopEvery = Number.POSITIVE_INFINITY,
): SamplingCall[] {
  const calls: SamplingCall[] = [];
  let [first, begun, stepsDone] = [0, 0, 0];
  rows.forEach((row, i) => {
    if (row.starts === 1) begun++;
    const next = rows[i + 1];
    const isStepDone = next === undefined || next.starts === 1;
    const isFull = isStepDone && (begun - stepsDone >= stepsPerCall || begun % stopEvery === 0);
    const isTurn = next !== undefined && isGuided(next) !== isGuided(row);
    if (next !== undefined && !isFull && !isTurn) return;
    stepsDone = isStepDone ? begun : begun - 1;
    calls.push({ first, count: i + 1 - first, isGuided: isGuided(row), stepsDone });
    first = i + 1;
  });
  return calls;
}

/** How many sampling steps a table makes; a step may take several rows. */
export function stepsOf(rows: readonly SamplerRow[]): number {
  return rows.filter(({ starts }) => starts === 1).length;
}
