import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ConfigError, FormatError } from "@dit/core";
import { naming } from "@dit/core/node";
import {
  covarianceOf,
  type FeatureKind,
  type FeatureNetwork,
  type FeatureSet,
  type FeatureSettings,
  featureRows,
  formatOf,
  type ImageSource,
  mergeStatistics,
  type NpzEntry,
  npzImages,
  openNpz,
  readFeatureSet,
  readStatistics,
  type Side,
  type Statistics,
  type StoredMoments,
  storedMoments,
  toNumbers,
} from "@dit/eval-fid";
import { fileSource } from "@dit/eval-fid/node";
import { shownPath } from "../config/configFile";
import { extractFeatures } from "./extractFeatures";
import { evenlySpaced } from "./joinedImages";
import { identityOf, type OpenedImages, openDigits, openFolder } from "./openImages";

/** What a path names: it is there, and of a kind that is known. */
export interface FoundSide {
  /** Reads its features or statistics, or makes features of its images, which may take hours. */
  open(options: OpenOptions): Promise<OpenedSide>;
  /** Lets its files go. */
  close(): Promise<void>;
}

/** A side whose images, if it has any, can be looked at until its files are let go. */
export interface OpenedSide {
  readonly side: Side;
  readonly images?: ImageSource;
}

export interface OpenOptions {
  /** Absent when no network was asked for. */
  readonly network: FeatureNetwork | undefined;
  /** Folder for shards of features. */
  readonly folder: string;
  /** Images of it that are looked at, evenly spaced; all unless given. */
  readonly limit?: number;
  readonly signal: AbortSignal;
  readonly onImages: (done: number, total: number) => void;
}

const nothing = async () => {};

/**
 * Finds what was given as samples or reference: a folder of images, or of .npz files that are parts of a set; `digits` or
 * `digits:test`; an .npz file with images (`arr_0`), features (`feats`) or statistics (`mu`, `sigma`); a .safetensors file
 * of features or statistics; a folder of .safetensors files, statistics of parts of a set.
 * @throws ConfigError or FormatError in one line when it is none of these
 */
export async function findSide(path: string): Promise<FoundSide> {
  const name = shownPath(path);
  if (/^digits(:\w+)?$/.test(path)) return sideOfImages(path, await openDigits(path));
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new ConfigError(`${path}: there is no such file or folder`);
  if (stat.isDirectory()) {
    const files = readdirSync(path);
    const shards = files.filter((file) => file.endsWith(".safetensors")).sort();
    if (shards.length === 0) return sideOfImages(name, await openFolder(path));
    if (shards.length < files.length) {
      throw new ConfigError(
        `${path}: holds statistics (${shards[0]}) beside other files; give them a folder of their own`,
      );
    }
    const merged = async () => ({ side: sideOfStatistics(name, mergeStatistics(shardsOf(path, shards))) });
    return { open: merged, close: nothing };
  }
  if (path.endsWith(".safetensors")) {
    const read = async () => ({ side: naming(name, () => sideOfTensors(name, new Uint8Array(readFileSync(path)))) });
    return { open: read, close: nothing };
  }
  if (!path.endsWith(".npz")) throw new ConfigError(`${path}: give a folder of images, an .npz or a .safetensors file`);
  const source = await fileSource(path);
  try {
    const arrays = await openNpz(source);
    const identity = identityOf(dirname(path), [basename(path)]);
    return { open: (options) => openArrays(name, arrays, identity, options), close: source.close };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function sideOfImages(name: string, images: OpenedImages): FoundSide {
  return { open: (options) => withFeatures(name, images, options), close: images.close };
}

async function openArrays(
  name: string,
  arrays: ReadonlyMap<string, NpzEntry>,
  identity: string,
  options: OpenOptions,
): Promise<OpenedSide> {
  const moments = await storedMoments(arrays, name);
  const images = await npzImages(arrays, name);
  if (images !== undefined && options.network !== undefined) {
    const { side } = await withFeatures(name, { images, identity }, options);
    // What a file says of the whole training set comes before what its own images give.
    const count = moments.features === undefined ? images.count : null;
    return { side: { ...side, moments, count }, images };
  }
  const feats = await arrays.get("feats")?.read();
  if (feats !== undefined) {
    const features = featureRows(new Float32Array(toNumbers(feats)), feats.shape[1]!);
    return { side: { name, count: features.count, set: { count: features.count, rows: { features } }, moments } };
  }
  if (moments.features !== undefined) return { side: { name, count: null, moments } };
  if (images !== undefined) throw networkMissing(name);
  throw new FormatError(`${name}: holds neither images (arr_0) nor features (feats) nor statistics (mu, sigma)`);
}

async function withFeatures(
  name: string,
  opened: Omit<OpenedImages, "close">,
  options: OpenOptions,
): Promise<OpenedSide> {
  const { network, limit = Number.POSITIVE_INFINITY } = options;
  if (network === undefined) throw networkMissing(name);
  const images = evenlySpaced(opened.images, limit);
  if (images.count === 0) throw new ConfigError(`${name} holds no images`);
  const identity = images === opened.images ? opened.identity : `${images.count} of ${opened.identity}`;
  const { set, settings } = await extractFeatures(images, network, { ...options, identity });
  const { isJpeg } = opened;
  return { side: { ...sideOf(name, set, settings), ...(isJpeg !== undefined && { isJpeg }) }, images };
}

function sideOf(name: string, set: FeatureSet, settings: FeatureSettings): Side {
  return { name, count: set.count, set, settings };
}

function sideOfTensors(name: string, bytes: Uint8Array): Side {
  if (formatOf(bytes) !== "statistics") {
    const { set, settings } = readFeatureSet(bytes, name);
    return sideOf(name, set, settings);
  }
  return sideOfStatistics(name, readStatistics(bytes, name));
}

/** Statistics of parts of a set, such as several machines made of it; one after the other, since each may take a gigabyte. */
function* shardsOf(folder: string, files: readonly string[]): Generator<[string, Statistics]> {
  for (const file of files) {
    const bytes = new Uint8Array(readFileSync(join(folder, file)));
    yield [file, naming(file, () => readStatistics(bytes, file))];
  }
}

function sideOfStatistics(name: string, { settings, moments, classes }: Statistics): Side {
  const stored = Object.entries(moments).map(([kind, of]): [FeatureKind, StoredMoments] => [
    kind as FeatureKind,
    { mean: of.mean, covariance: covarianceOf(of) },
  ]);
  const count = moments.features?.count ?? null;
  return { name, count, settings, moments: Object.fromEntries(stored), ...(classes && { classes }) };
}

function networkMissing(name: string): ConfigError {
  return new ConfigError(
    `${name} holds images: say what turns them into features, such as --features FILE.pth (Inception), FILE.onnx, digits or pixels`,
  );
}
