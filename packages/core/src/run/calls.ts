/** A stretch of steps that the backend runs at once: it ends where the host has something to do. */
export interface Call {
  readonly first: number;
  readonly count: number;
}

/** When the host has something to do, in steps; never unless given. */
export interface CallOptions {
  readonly steps: number;
  readonly stepsPerCall?: number;
  readonly checkpointEvery?: number;
  readonly validateEvery?: number;
  readonly previewEvery?: number;
}

/** The calls from step `start` to the last. */
export function callsOf(start: number, options: CallOptions): Call[] {
  const { steps, stepsPerCall = 20, checkpointEvery, validateEvery, previewEvery } = options;
  const stops = [checkpointEvery, validateEvery, previewEvery].filter((every) => every !== undefined && every > 0);
  const calls: Call[] = [];
  for (let first = start; first < steps; ) {
    const count = Math.min(stepsPerCall, steps - first, ...stops.map((every) => every! - (first % every!)));
    calls.push({ first, count });
    first += count;
  }
  return calls;
}

/** Whether something that is done every so many steps, and at the last, is done now. */
export function isDue(step: number, steps: number, every: number | undefined): boolean {
  return step === steps || (every !== undefined && every > 0 && step % every === 0);
}
