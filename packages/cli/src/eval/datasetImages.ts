import type { ImageSource } from "@dit/eval-fid";
import type { Dataset } from "../data/dataset";

/** A dataset's images as the bytes that they were. */
export function datasetImages(dataset: Dataset): ImageSource {
  const [channels, height, width] = dataset.imageShape;
  const area = height * width;
  if (channels !== 1 && channels !== 3) throw new RangeError(`${dataset.name} has ${channels} channels`);
  return {
    name: dataset.name,
    count: dataset.size,
    batches: async function* (size, first = 0) {
      const image = new Float32Array(channels * area);
      for (let start = first; start < dataset.size; start += size) {
        const count = Math.min(size, dataset.size - start);
        const data = new Uint8Array(count * channels * area);
        for (let i = 0; i < count; i++) {
          dataset.read(start + i, image, 0);
          for (let c = 0; c < channels; c++) {
            for (let p = 0; p < area; p++) {
              data[(i * area + p) * channels + c] = Math.round((image[c * area + p]! + 1) * 127.5);
            }
          }
        }
        const labels = Int32Array.from({ length: count }, (_, i) => dataset.label(start + i));
        yield { count, height, width, channels, data, labels };
      }
    },
  };
}
