import { FormatError } from "@dit/core";
import { sameShape } from "@dit/core/internal";
import type { ImageSource } from "../images/image";
import { type NpzEntry, toNumbers } from "./readNpz";

/** `arr_0`, uint8 [N, H, W, 1 or 3], with the classes in `arr_1` if it is there. @throws FormatError when it is not that */
export async function npzImages(arrays: ReadonlyMap<string, NpzEntry>, file: string): Promise<ImageSource | undefined> {
  const entry = arrays.get("arr_0");
  if (entry === undefined) return undefined;
  const { code, shape } = await entry.header();
  const [count, height, width, channels] = shape;
  if (code !== "u1" || shape.length !== 4 || (channels !== 1 && channels !== 3)) {
    throw new FormatError(`${file}: arr_0 must be uint8 [N, H, W, 1 or 3], it is ${code} [${shape}]`);
  }
  const stored = await arrays.get("arr_1")?.read();
  if (stored !== undefined && !(sameShape(stored.shape, [count!]) && /^[iu]/.test(stored.code))) {
    throw new FormatError(
      `${file}: arr_1 must be the class of each image, integers [${count}], it is ${stored.code} [${stored.shape}]`,
    );
  }
  const labels = stored && Int32Array.from(toNumbers(stored));
  return {
    name: file,
    count: count!,
    batches: async function* (size, first = 0) {
      let at = 0;
      for await (const { shape, data } of entry.rows(size)) {
        const rows = shape[0]!;
        const skipped = Math.min(rows, Math.max(0, first - at));
        if (skipped < rows) {
          yield {
            ...{ count: rows - skipped, height: height!, width: width!, channels },
            data: (data as Uint8Array).subarray(skipped * height! * width! * channels),
            ...(labels && { labels: labels.slice(at + skipped, at + rows) }),
          };
        }
        at += rows;
      }
    },
  };
}
