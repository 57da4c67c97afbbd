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
  const [n, , h, w] = latents.shape as [number, number, number, number];
  const overlap = overlapOf(tiling);
  const [rows, columns] = [
    sharesAlong(h, size[0], overlap, pixelsPerCell),
    sharesAlong(w, size[1], overlap, pixelsPerCell),
  ];
  const [height, width] = [h * pixelsPerCell, w * pixelsPerCell];
  let images: HostTensor<"f32"> | undefined;
  for (const row of rows) {
    for (const column of columns) {
      const tile = await decode(cut(latents, [row.start, column.start], size));
      const [, channels = 0, tileHeight = 0, tileWidth = 0] = tile.shape;
      images ??= hostZeros("f32", [n, channels, height, width]);
      const [top, left] = [row.start * pixelsPerCell, column.start * pixelsPerCell];
      for (let line = 0; line < n * channels * tileHeight; line++) {
        const [plane, y] = [Math.floor(line / tileHeight), line % tileHeight];
        const to = (plane * height + top + y) * width + left;
        for (let x = 0; x < tileWidth; x++) {
          images.data[to + x]! += tile.data[line * tileWidth + x]! * row.shares[y]! * column.shares[x]!;
        }
      }
    }
  }
  return images!;
}

/** A tile along a side, and what each of its pixels contributes: the shares of all tiles add up to 1 everywhere. */
interface SideTile {
  readonly start: number;
  readonly shares: Float32Array;
}

/** Tiles stand in rows and columns, so that a pixel's share is the product of its shares along the two sides. */
function sharesAlong(length: number, size: number, overlap: number, pixelsPerCell: number): SideTile[] {
  const starts = tileStarts(length, size, overlap);
  const tiles = starts.map((start, i) => {
    const isOpen = [i > 0, i < starts.length - 1] as const;
    return { start, weights: tileWeights(size * pixelsPerCell, overlap * pixelsPerCell, isOpen) };
  });
  const sums = new Float32Array(length * pixelsPerCell);
  for (const { start, weights } of tiles) {
    for (let i = 0; i < weights.length; i++) sums[start * pixelsPerCell + i]! += weights[i]!;
  }
  return tiles.map(({ start, weights }) => ({
    start,
    shares: weights.map((weight, i) => weight / sums[start * pixelsPerCell + i]!),
  }));
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
