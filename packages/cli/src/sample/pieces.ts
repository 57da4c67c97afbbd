import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, uniformInts, type Weights } from "@dit/core";
import { isOtherProcess } from "@dit/core/node";
import { npzOfImages } from "../images/npzOfImages";
import { toBytes } from "../images/toBytes";
import { atomicWrite, removeTemporaries } from "../run/atomicWrite";
import type { Drawer } from "./drawer";

/** Which part of a large set a process draws: the pieces `index`, `index + count`, ... */
export interface Shard {
  /** 0 to `count` - 1. */
  readonly index: number;
  readonly count: number;
}

/** A large set of pictures, in a folder of pieces. */
export interface PictureSet {
  readonly folder: string;
  /** Pictures in the whole set. */
  readonly size: number;
  readonly shard: Shard;
  /** Pictures drawn at a time, and in a piece; a piece is a whole number of batches. */
  readonly batch: number;
  readonly piece: number;
  readonly seed: number;
  /** Classes that are drawn from, each as often as the others in the long run. */
  readonly classes: readonly number[];
  /** Everything else on which the pictures depend: hashes of the weights, settings. Another run's must be the same. */
  readonly origin: object;
}

const manifestName = "samples.json";

/** Pictures of a piece: some hundreds, a whole number of batches. */
export function pieceOf(batch: number): number {
  return batch * Math.max(1, Math.round(500 / batch));
}

/**
 * Draws a shard, piece by piece: `samples-000000.npz` with arr_0, uint8 [N, H, W, C], and arr_1, the classes, named by its
 * first picture. A piece that is there is passed over, so that a killed process goes on where it was; no more than a
 * batch is in memory. As in the official script classes are drawn at random; a picture depends on its number alone.
 * @throws ConfigError when the folder holds pieces of another set
 */
export async function drawPieces(
  set: PictureSet,
  drawer: Drawer,
  weights: Weights,
  {
    signal,
    onPictures,
  }: { signal?: AbortSignal; onPictures?: (done: number, total: number, drawn: number) => void } = {},
): Promise<{ readonly drawn: number; readonly files: readonly string[] }> {
  const { folder, size, shard, batch, piece, seed } = set;
  requireSameSet(set);
  const pieces = Array.from({ length: Math.ceil(size / piece) }, (_, i) => i).filter(
    (i) => i % shard.count === shard.index,
  );
  const countOf = (i: number) => Math.min(piece, size - i * piece);
  const total = pieces.reduce((sum, i) => sum + countOf(i), 0);
  let [done, drawn] = [0, 0];
  const files: string[] = [];
  for (const i of pieces) {
    const file = join(folder, `samples-${String(i * piece).padStart(6, "0")}.npz`);
    files.push(file);
    if (!existsSync(file)) {
      const labels = Array.from({ length: countOf(i) }, (_, j) => labelOf(set, i * piece + j));
      const images = npzOfImages(file, labels);
      try {
        for (let at = 0; at < labels.length; at += batch) {
          signal?.throwIfAborted();
          const options = { seed, first: i * piece + at, ...(signal === undefined ? {} : { signal }) };
          const part = labels.slice(at, at + batch);
          await images.add(toBytes((await drawer.draw(weights, part, options)).images));
          drawn += part.length;
          onPictures?.(done + at + part.length, total, drawn);
        }
        await images.finish();
      } finally {
        images.discard();
      }
    }
    done += countOf(i);
    onPictures?.(done, total, drawn);
  }
  return { drawn, files };
}

/** The class of picture `index`. */
function labelOf({ seed, classes }: PictureSet, index: number): number {
  return classes[uniformInts({ seed, stream: "sampleClass", step: 0, sample: index }, 1, classes.length)[0]!]!;
}

/** Says in the folder whose pieces it holds, or finds that it holds another set's. */
function requireSameSet({ folder, size, piece, batch, seed, classes, origin }: PictureSet): void {
  mkdirSync(folder, { recursive: true });
  removeTemporaries(folder, isOtherProcess);
  const file = join(folder, manifestName);
  // The batch too: the same pictures drawn in other batches may differ by rounding.
  const manifest = `${JSON.stringify({ size, piece, batch, seed, classes, ...origin }, null, 2)}\n`;
  if (!existsSync(file)) atomicWrite(file, manifest);
  else if (readFileSync(file, "utf8") !== manifest) {
    throw new ConfigError(
      `${folder} holds pictures of another model or of other settings (${manifestName}); choose another folder`,
    );
  }
}
