import { extname } from "node:path";
import { FormatError, MissingPackageError } from "@dit/core";
import type { RgbImage } from "@dit/core/internal";
import { decodePng } from "./decodePng";

/** The little of `sharp` that is used here; it is an optional package, so its own types may not be there. */
export type Sharp = (bytes: Uint8Array) => SharpPipeline;
interface SharpPipeline {
  rotate(): SharpPipeline;
  flatten(options: { background: string }): SharpPipeline;
  toColourspace(space: "srgb"): SharpPipeline;
  removeAlpha(): SharpPipeline;
  raw(): SharpPipeline;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
}

const otherFormats: readonly string[] = [".jpg", ".jpeg", ".webp"];

/** Whether `file` looks like a picture that `decodeImage` may read. */
export function isImageFile(file: string): boolean {
  const extension = extname(file).toLowerCase();
  return extension === ".png" || otherFormats.includes(extension);
}

/**
 * Decodes a picture to 8-bit RGB on white: PNG always, JPEG and WebP when the optional package `sharp` is installed.
 * @throws FormatError for a damaged file, MissingPackageError when `sharp` is needed and missing.
 */
export async function decodeImage(
  bytes: Uint8Array,
  file: string,
  loadSharp: () => Promise<Sharp | undefined> = importSharp,
): Promise<RgbImage> {
  const extension = extname(file).toLowerCase();
  if (extension === ".png") return decodePng(bytes, file);
  const format = extension === ".webp" ? "WebP" : "JPEG";
  const sharp = await loadSharp();
  if (!sharp) throw new MissingPackageError(`${file}: sharp, which reads ${format},`, "npm install sharp");
  try {
    // Differs: the official code ignores the camera's orientation mark and would train on photographs lying on their side.
    const pipeline = sharp(bytes).rotate().flatten({ background: "#ffffff" }).toColourspace("srgb").removeAlpha().raw();
    const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: threeChannels(data, info.channels) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new FormatError(`broken ${format}: ${file} (${why})`, { cause });
  }
}

function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * channels + (channels < 3 ? 0 : i % 3)]!;
  return rgb;
}

async function importSharp(): Promise<Sharp | undefined> {
  // A name in a variable keeps bundlers and the type checker from asking for a package that need not be there.
  const name = "sharp";
  try {
    const module = (await import(name)) as { default: Sharp };
    return module.default;
  } catch {
    return undefined;
  }
}
