import type { Derivative } from "../host/dopri5";

/** One call for all samples: each at a time of its own. x: the samples one after the other. */
export type BatchDerivative = (times: readonly number[], x: Float64Array) => Promise<Float64Array>;

/**
 * Runs `integrate` for each of the samples of x0, all at once: whenever every one that is not done yet waits for a
 * derivative, one call answers them all. So each takes the steps that it would take alone, at the cost of the one that
 * takes most; those that are done ride along with their last request.
 */
export async function inLockstep(
  x0: Float64Array,
  count: number,
  derivative: BatchDerivative,
  integrate: (f: Derivative, x0: Float64Array) => Promise<Float64Array>,
): Promise<Float64Array> {
  const size = x0.length / count;
  const x = x0.slice();
  const times = new Array<number>(count).fill(0);
  const waiting = new Map<number, { resolve(slope: Float64Array): void; reject(error: unknown): void }>();
  let running = count;
  const answerIfAllWait = async () => {
    if (waiting.size < running || running === 0) return;
    const asked = [...waiting];
    waiting.clear();
    try {
      const slopes = await derivative(times, x);
      for (const [i, { resolve }] of asked) resolve(slopes.slice(i * size, (i + 1) * size));
    } catch (error) {
      for (const [, { reject }] of asked) reject(error);
    }
  };
  const ends = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const f: Derivative = (time, state) =>
        new Promise((resolve, reject) => {
          times[i] = time;
          x.set(state, i * size);
          waiting.set(i, { resolve, reject });
          void answerIfAllWait();
        });
      const end = await integrate(f, x0.slice(i * size, (i + 1) * size));
      running--;
      void answerIfAllWait();
      return end;
    }),
  );
  const out = new Float64Array(x0.length);
  ends.forEach((end, i) => {
    out.set(end, i * size);
  });
  return out;
}
