import { type Image, type ImageSource, imageOf, nearestRows, selectRows } from "@dit/eval-fid";
import { encodePng } from "../images/png";
import type { OpenedSide } from "./findSide";

/** Samples shown, and neighbours of each. */
const samplesShown = 12;
const neighboursShown = 6;
/** Pixels between images; the sample stands a little apart from its neighbours. */
const gap = 2;
const apart = 8;
/** Small images are enlarged to about this many pixels. */
const wantedSize = 72;

/**
 * A picture for people: samples, evenly chosen, each with the reference images nearest to it in feature space. Copies of
 * training images show at once. Undefined where one side has no images, or images of several sizes.
 */
export async function neighbourPicture(real: OpenedSide, fake: OpenedSide): Promise<Uint8Array | undefined> {
  const [realRows, fakeRows] = [real.side.set?.rows.features, fake.side.set?.rows.features];
  if (!real.images || !fake.images || !realRows || !fakeRows) return undefined;
  const shown = Math.min(samplesShown, fakeRows.count);
  const chosen = Array.from({ length: shown }, (_, i) => Math.floor((i * fakeRows.count) / shown));
  const neighbours = nearestRows(realRows, selectRows(fakeRows, chosen), Math.min(neighboursShown, realRows.count));
  const samples = await imagesAt(fake.images, chosen);
  const references = await imagesAt(real.images, neighbours.flat());
  const rows = chosen.map((sample, i) => [samples.get(sample)!, ...neighbours[i]!.map((row) => references.get(row)!)]);
  const { width, height } = rows[0]![0]!;
  if (rows.flat().some((image) => image.width !== width || image.height !== height)) return undefined;
  return encodePng(drawn(rows, width, height));
}

async function imagesAt(source: ImageSource, indices: readonly number[]): Promise<Map<number, Image>> {
  const wanted = new Set(indices);
  const found = new Map<number, Image>();
  let first = 0;
  for await (const batch of source.batches(256)) {
    for (let i = 0; i < batch.count; i++) if (wanted.has(first + i)) found.set(first + i, imageOf(batch, i));
    first += batch.count;
    if (found.size === wanted.size) break;
  }
  return found;
}

/** Two samples with their neighbours to a row of the picture, on white. */
function drawn(rows: readonly (readonly Image[])[], width: number, height: number) {
  const scale = Math.max(1, Math.round(wantedSize / Math.max(width, height)));
  const [cellWidth, cellHeight] = [width * scale + gap, height * scale + gap];
  const groupWidth = (rows[0]?.length ?? 0) * cellWidth + apart;
  const groups = rows.length > 1 ? 2 : 1;
  const pictureWidth = groups * (groupWidth + 2 * apart) - 2 * apart;
  const pictureHeight = Math.ceil(rows.length / groups) * (cellHeight + gap);
  const data = new Uint8Array(pictureWidth * pictureHeight * 3).fill(255);
  for (const [r, row] of rows.entries()) {
    for (const [c, image] of row.entries()) {
      const left = (r % groups) * (groupWidth + 2 * apart) + c * cellWidth + (c > 0 ? apart : 0);
      const top = Math.floor(r / groups) * (cellHeight + gap);
      for (let y = 0; y < height * scale; y++) {
        for (let x = 0; x < width * scale; x++) {
          const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * 3;
          const to = ((top + y) * pictureWidth + left + x) * 3;
          data.set(image.data.subarray(from, from + 3), to);
        }
      }
    }
  }
  return { width: pictureWidth, height: pictureHeight, channels: 3 as const, data };
}
