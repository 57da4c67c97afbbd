import { type HostTensor, hostZeros } from "@dit/core";
import type { Size } from "./graphs";
import { overlapOf, type Tiling, tileStarts, tileWeights } from "./tiles";

/** Images [N, C, H, W] of latents [N, c, h, w]. */
type Decode = (latents: HostTensor<"f32">) => Promise<HostTensor<"f32">>;

/** Decodes tiles of `size` cells one after the other, and joins them where they overlap by weighted means. */
export async function decodeTiled(
  decode: Decode,
  latents: HostTensor<"f32">,
  size: Size,
  tiling: Tiling,
  pixelsPerCell: number,
): Promise<HostTensor<"f32">> {
  const [n, c, h, w] = latents.shape as [number, number, number, number];
  const overlap = overlapOf(tiling);
  const [rows, columns] = [tileStarts(h, size[0], overlap), tileStarts(w, size[1], overlap)];
  const [down, across] = size.map((cells) => tileWeights(cells * pixelsPerCell, overlap * pixelsPerCell)) as [
    Float32Array,
    Float32Array,
  ];
  const [height, width] = [h * pixelsPerCell, w * pixelsPerCell];
  // A pixel's share is a product, since tiles stand in rows and columns: so is the sum of the shares of all its tiles.
  const [allDown, allAcross] = [sums(rows, down, height, pixelsPerCell), sums(columns, across, width, pixelsPerCell)];
  let images: HostTensor<"f32"> | undefined;
  for (const row of rows) {
    for (const column of columns) {
      const tile = await decode(cut(latents, [row, column], size));
      images ??= hostZeros("f32", [n, tile.shape[1]!, height, width]);
      const [tileHeight, tileWidth] = [down.length, across.length];
      const [top, left] = [row * pixelsPerCell, column * pixelsPerCell];
      for (let plane = 0; plane < n * tile.shape[1]!; plane++) {
        for (let y = 0; y < tileHeight; y++) {
          const share = down[y]! / allDown[top + y]!;
          const from = (plane * tileHeight + y) * tileWidth;
          const to = (plane * height + top + y) * width + left;
          for (let x = 0; x < tileWidth; x++) {
            images.data[to + x]! += tile.data[from + x]! * share * (across[x]! / allAcross[left + x]!);
          }
        }
      }
    }
  }
  return images ?? hostZeros("f32", [n, c, height, width]);
}

/** The sum of the tiles' weights at each pixel along a side. */
function sums(starts: readonly number[], weights: Float32Array, length: number, pixelsPerCell: number): Float32Array {
  const out = new Float32Array(length);
  for (const start of starts) {
    for (let i = 0; i < weights.length; i++) out[start * pixelsPerCell + i]! += weights[i]!;
  }
  return out;
}

/** The part of each map [N, c, h, w] that begins at `start`. */
function cut({ shape, data }: HostTensor<"f32">, [top, left]: Size, [height, width]: Size): HostTensor<"f32"> {
  const [n, c, h, w] = shape as [number, number, number, number];
  const out = hostZeros("f32", [n, c, height, width]);
  for (let plane = 0; plane < n * c; plane++) {
    for (let y = 0; y < height; y++) {
      const from = (plane * h + top + y) * w + left;
      out.data.set(data.subarray(from, from + width), (plane * height + y) * width);
    }
  }
  return out;
}
