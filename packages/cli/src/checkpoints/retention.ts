import type { TrainConfig } from "../config/trainConfig";
import { type CheckpointEntry, listCheckpoints, removeCheckpoint } from "./checkpoint";

type Retention = Pick<TrainConfig["checkpoint"], "keepLast" | "keepEvery" | "best">;

/** Which checkpoints may go: all but the newest `keepLast`, each `keepEvery`-th step's, and the best held-out loss. */
export function superfluous(
  entries: readonly CheckpointEntry[],
  { keepLast, keepEvery, best }: Retention,
): CheckpointEntry[] {
  const kept = new Set(entries.slice(-keepLast));
  const leader = bestOf(entries);
  if (best && leader !== undefined) kept.add(leader);
  return entries.filter((entry) => !kept.has(entry) && (keepEvery === null || entry.step % keepEvery !== 0));
}

/** The checkpoint of the lowest held-out loss. */
export function bestOf(entries: readonly CheckpointEntry[]): CheckpointEntry | undefined {
  return entries
    .filter(({ validationLoss }) => Number.isFinite(validationLoss))
    .reduce<CheckpointEntry | undefined>(
      (best, entry) => (best === undefined || entry.validationLoss! < best.validationLoss! ? entry : best),
      undefined,
    );
}

/** Deletes the superfluous checkpoints of a folder. */
export function applyRetention(folder: string, retention: Retention): void {
  for (const entry of superfluous(listCheckpoints(folder), retention)) removeCheckpoint(entry);
}
