/** Sums since the last line of metrics; kept in checkpoints, so that a resumed run writes the lines of an unbroken one. */
export interface MeterState {
  readonly count: number;
  readonly sums: Readonly<Record<string, number>>;
}

export const emptyMeter: MeterState = { count: 0, sums: {} };

const averaged = ["loss", "mse", "vb", "reconstruction", "kl", "gradNorm"] as const;

/** What a step of a DiT or of an autoencoder may have measured. */
export type Measured = Readonly<Partial<Record<(typeof averaged)[number], number>>>;

/** Adds one step. */
export function addToMeter({ count, sums }: MeterState, metrics: Measured): MeterState {
  const next: Record<string, number> = {};
  for (const key of averaged) {
    const value = metrics[key];
    if (value !== undefined) next[key] = (sums[key] ?? 0) + value;
  }
  return { count: count + 1, sums: next };
}

/** The means. */
export function readMeter({
  count,
  sums,
}: MeterState): Partial<Record<(typeof averaged)[number], number>> & { loss: number } {
  const means = Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, sum / count]));
  return { loss: Number.NaN, ...means };
}
