import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { ConfigError, FormatError, messageOf } from "@dit/core";
import { encodeNpyHeader } from "@dit/core/internal";
import { writeWhole } from "@dit/core/node";
import { toDiffusersConfig, type Vae } from "@dit/vae";
import { z } from "zod";
import { requireSchema } from "../config/requireSchema";
import type { Dataset } from "../data/dataset";
import { flushFolder, temporaryName, writeFlushed } from "../run/atomicWrite";
import { latentDataset, type MomentStore } from "./latentDataset";
import { vaeHash } from "./vaeHash";

/** The names of the files. */
const [manifestName, momentsName] = ["latents.json", "moments.npy"];

const manifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** Whose latents they are: settings as diffusers writes them (the scale among them), and a hash of them and the weights. */
  vae: z.strictObject({ hash: z.string(), config: z.record(z.string(), z.unknown()) }),
  /** Of what. */
  data: z.strictObject({ name: z.string(), fingerprint: z.string(), imageShape: z.array(z.int()).length(3) }),
  classNames: z.array(z.string()),
  /** Whether each image has a second record, of its mirror image. */
  flip: z.boolean(),
  latentShape: z.tuple([z.int(), z.int(), z.int()]),
  labels: z.array(z.int().min(0).max(65535)),
});

type Manifest = z.output<typeof manifestSchema>;

/** What is known of latents before they are made. */
export function manifestOf(data: Dataset, vae: Vae, latentShape: Dataset["imageShape"]): Manifest {
  return {
    formatVersion: 1,
    vae: { hash: vaeHash(vae), config: toDiffusersConfig(vae.config) },
    data: { name: data.name, fingerprint: data.fingerprint, imageShape: [...data.imageShape] },
    classNames: [...data.classNames],
    flip: data.flip,
    latentShape: [...latentShape],
    labels: Array.from({ length: data.size }, (_, i) => data.label(i)),
  };
}

/** Latents as a dataset, from wherever their moments lie. */
export function latentsOf(
  { vae, data, classNames, flip, latentShape, labels }: Manifest,
  moments: MomentStore,
  of: Vae,
) {
  return latentDataset(
    {
      ...{ classNames, flip, latentShape, moments, name: data.name, size: labels.length },
      labels: Uint16Array.from(labels),
      fingerprint: `${data.fingerprint}/vae/${vae.hash}`,
    },
    of.config,
  );
}

/**
 * Writes a folder of latents: `moments.npy` [records, 2, c, h, w] with mean and std, and `latents.json`. It is there whole
 * or not at all, and never takes the place of anything.
 */
export async function writeLatents(
  folder: string,
  manifest: Manifest,
  records: AsyncIterable<Float32Array>,
): Promise<void> {
  if (existsSync(folder)) throw new ConfigError(`${folder} is there already; choose another name or remove it`);
  const temporary = temporaryName(folder);
  mkdirSync(temporary, { recursive: true });
  try {
    const file = openSync(join(temporary, momentsName), "wx");
    try {
      writeWhole(file, encodeNpyHeader("f4", shapeOf(manifest)));
      for await (const { buffer, byteOffset, byteLength } of records)
        writeWhole(file, new Uint8Array(buffer, byteOffset, byteLength));
    } finally {
      closeSync(file);
    }
    writeFlushed(join(temporary, manifestName), `${JSON.stringify(manifest)}\n`);
    flushFolder(temporary);
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Opens a folder of latents. Records are read from the disk when they are visited.
 * @throws ConfigError when they are of another autoencoder than the given one, FormatError when the folder is damaged
 */
export function openLatents(folder: string, vae: Vae): Dataset {
  const manifest = readManifest(folder);
  if (manifest.vae.hash !== vaeHash(vae)) {
    throw new ConfigError(
      `${folder}: these latents are of another autoencoder than the given one; encode the images anew`,
    );
  }
  const file = join(folder, momentsName);
  const shape = shapeOf(manifest);
  const header = encodeNpyHeader("f4", shape);
  const [records = 0, ...rest] = shape;
  const values = rest.reduce((product, n) => product * n, 1);
  if (!existsSync(file) || statSync(file).size !== header.length + 4 * records * values)
    throw new FormatError(`${file}: it does not hold ${records} records of [${rest}]`);
  const descriptor = openSync(file, "r");
  const read = (record: number) => {
    const bytes = new Uint8Array(4 * values);
    readSync(descriptor, bytes, 0, bytes.length, header.length + record * bytes.length);
    return new Float32Array(bytes.buffer);
  };
  const data = { ...manifest.data, name: `latents:${basename(resolve(folder))}` };
  return latentsOf({ ...manifest, data }, { read }, vae);
}

function readManifest(folder: string): Manifest {
  const file = join(folder, manifestName);
  if (!existsSync(file)) throw new ConfigError(`${folder}: no ${manifestName} in it; dit encode makes such a folder`);
  try {
    return requireSchema(manifestSchema, JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new FormatError(`${file}: ${messageOf(cause)}`, { cause });
  }
}

/** [records, 2, c, h, w] */
function shapeOf({ labels, flip, latentShape }: Manifest): number[] {
  return [labels.length * (flip ? 2 : 1), 2, ...latentShape];
}
