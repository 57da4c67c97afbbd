import { ConfigError } from "@dit/core";

/** How a latent is cut for decoding: square tiles, neighbours sharing `overlap` cells. */
export interface Tiling {
  /** Cells to a side of a tile. */
  readonly size: number;
  /** Cells that two neighbours share at least; a quarter of the size by default. */
  readonly overlap?: number;
}

/** @throws ConfigError when tiles do not move on */
export function overlapOf({ size, overlap = Math.floor(size / 4) }: Tiling): number {
  if (Number.isInteger(size) && Number.isInteger(overlap) && overlap >= 0 && overlap < size) return overlap;
  throw new ConfigError(`tiles of ${size} cells cannot share ${overlap}; give a size, and an overlap below it`);
}

/** Where tiles of `size` begin along a side of `length` cells: spread evenly, the last one ending with the side. */
export function tileStarts(length: number, size: number, overlap: number): number[] {
  if (length <= size) return [0];
  const count = Math.ceil((length - overlap) / (size - overlap));
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - size)) / (count - 1)));
}

/**
 * What each pixel along a tile's side counts beside its neighbours'. Towards a neighbour the outermost quarter of the overlap
 * counts nothing, since what lies behind the edge is missing there most; over the half that follows one tile fades into
 * the other.
 * @param isOpen whether there is a neighbour before the tile, and one after it
 */
export function tileWeights(pixels: number, overlap: number, isOpen: readonly [boolean, boolean]): Float32Array {
  const rise = (fromEdge: number) =>
    Math.min(1, Math.max(0, (fromEdge + 0.5 - overlap / 4) / Math.max(overlap / 2, 1)));
  return Float32Array.from({ length: pixels }, (_, i) =>
    Math.min(isOpen[0] ? rise(i) : 1, isOpen[1] ? rise(pixels - 1 - i) : 1),
  );
}
