import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isOtherProcess, naming } from "@dit/core/node";
import {
  concatSets,
  type FeatureNetwork,
  type FeatureSet,
  type FeatureSettings,
  type ImageSource,
  readFeatureSet,
  writeFeatureSet,
} from "@dit/eval-fid";
import { atomicWrite, removeTemporaries } from "../run/atomicWrite";

export interface ExtractOptions {
  /** Folder for the shards. */
  readonly folder: string;
  /** What, beside the network, decides the features: where the images come from and which they are. */
  readonly identity: string;
  readonly signal: AbortSignal;
  readonly onImages: (done: number, total: number) => void;
}

/** Images in a shard: what a killed run loses at most. */
const shardImages = 1024;

/**
 * The features of all images of a source. They are written to the disk shard by shard, so that a run that was killed goes
 * on where it was, and another metric needs no second pass.
 */
export async function extractFeatures(
  source: ImageSource,
  network: FeatureNetwork,
  { folder, identity, signal, onImages }: ExtractOptions,
): Promise<{ set: FeatureSet; settings: FeatureSettings }> {
  const key = createHash("sha256")
    .update(JSON.stringify([network.settings, identity]))
    .digest("hex")
    .slice(0, 16);
  const shards = join(folder, key);
  mkdirSync(shards, { recursive: true });
  // Another evaluation with this set may be writing there too.
  removeTemporaries(shards, isOtherProcess);
  const sets = finishedShards(shards);
  let done = sets.reduce((sum, { set }) => sum + set.count, 0);
  let settings = sets[0]?.settings;
  let waiting: FeatureSet[] = [];
  const joined = (parts: readonly FeatureSet[]) => naming(source.name, () => concatSets(parts));
  const flush = () => {
    if (waiting.length === 0) return;
    const set = joined(waiting);
    waiting = [];
    atomicWrite(join(shards, shardName(done - set.count)), writeFeatureSet(set, settings!));
    sets.push({ set, settings: settings! });
  };
  onImages(done, source.count);
  if (done < source.count) {
    const take = async (extracting: Promise<FeatureSet>) => {
      const set = await extracting;
      waiting.push(set);
      done += set.count;
      if (waiting.reduce((sum, { count }) => sum + count, 0) >= shardImages) flush();
      onImages(done, source.count);
    };
    let running: Promise<FeatureSet> | undefined;
    try {
      for await (const batch of source.batches(network.batch, done)) {
        signal.throwIfAborted();
        const size = `${batch.height}x${batch.width}`;
        settings ??= { ...network.settings, imageSize: size };
        if (settings.imageSize !== size) settings = { ...settings, imageSize: "various" };
        // The next batch is decoded and resized while the network computes this one.
        const before = running;
        running = network.extract(batch);
        if (before !== undefined) await take(before);
      }
      if (running !== undefined) await take(running);
    } finally {
      // The network is let go after this: nothing may run on it then.
      await running?.catch(() => undefined);
    }
    flush();
  }
  return { set: joined(sets.map(({ set }) => set)), settings: sets.at(-1)!.settings };
}

/** Those that follow each other from the first image on. */
function finishedShards(folder: string): { set: FeatureSet; settings: FeatureSettings }[] {
  const sets: { set: FeatureSet; settings: FeatureSettings }[] = [];
  let next = 0;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  while (names.includes(shardName(next))) {
    const name = shardName(next);
    const shard = readFeatureSet(new Uint8Array(readFileSync(join(folder, name))), name);
    sets.push(shard);
    next += shard.set.count;
  }
  return sets;
}

function shardName(firstImage: number): string {
  return `from-${String(firstImage).padStart(8, "0")}.safetensors`;
}
