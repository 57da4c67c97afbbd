import { DitError } from "@dit/core";
import type { Format } from "./formats";
import { mutate } from "./mutate";

/** What became of the damaged copies of a file. */
export interface FuzzResult {
  /** How many were read all the same: the damage lay in values. */
  readonly read: number;
  /** How many were refused with an error of ours, in one line. */
  readonly refused: number;
  /** Those that ended otherwise: the number of the mutation and what was thrown. */
  readonly wrong: readonly string[];
  readonly slowestSeconds: number;
}

/** Reads `count` damaged copies of a good file. */
export async function fuzz({ good, read }: Format, count: number): Promise<FuzzResult> {
  const bytes = good();
  await read(bytes);
  const wrong: string[] = [];
  let [wasRead, refused, slowestSeconds] = [0, 0, 0];
  for (let number = 0; number < count; number++) {
    const mutated = mutate(bytes, number);
    const started = performance.now();
    try {
      await read(mutated);
      wasRead++;
    } catch (error) {
      if (error instanceof DitError && !error.message.includes("\n")) refused++;
      else wrong.push(`${number}: ${(error as Error).stack}`);
    }
    slowestSeconds = Math.max(slowestSeconds, (performance.now() - started) / 1000);
  }
  return { read: wasRead, refused, wrong, slowestSeconds };
}
