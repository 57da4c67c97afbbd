/** Mean and spread of numbers. */
export interface Spread {
  readonly mean: number;
  /** Divided by how many there are, not by one less. */
  readonly stdPopulation: number;
  readonly values: readonly number[];
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, stdPopulation: Math.sqrt(variance), values };
}
