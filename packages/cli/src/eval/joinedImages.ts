import type { ImageBatch, ImageSource } from "@dit/eval-fid";

/** Several sources as one, in order. */
export function joinedImages(name: string, parts: readonly ImageSource[]): ImageSource {
  return {
    name,
    count: parts.reduce((sum, { count }) => sum + count, 0),
    batches: async function* (size, first = 0) {
      let before = 0;
      for (const part of parts) {
        if (first < before + part.count) yield* part.batches(size, Math.max(0, first - before));
        before += part.count;
      }
    },
  };
}

/**
 * `count` images of a source, evenly spaced, so that of a set in the order of its classes each class keeps its share. A source
 * with no more than that is left as it is.
 */
export function evenlySpaced(source: ImageSource, count: number): ImageSource {
  if (source.count <= count) return source;
  const indexOf = (i: number) => Math.floor((i * source.count) / count);
  return {
    name: source.name,
    count,
    batches: async function* (size, first = 0) {
      let next = first;
      let at = next < count ? indexOf(next) : source.count;
      for await (const batch of source.batches(size, at)) {
        const wanted: number[] = [];
        for (; next < count && indexOf(next) < at + batch.count; next++) wanted.push(indexOf(next) - at);
        at += batch.count;
        if (wanted.length > 0) yield selected(batch, wanted);
        if (next === count) return;
      }
    },
  };
}

function selected({ height, width, channels, data, labels }: ImageBatch, indices: readonly number[]): ImageBatch {
  const values = height * width * channels;
  const out = new Uint8Array(indices.length * values);
  for (const [i, index] of indices.entries()) out.set(data.subarray(index * values, (index + 1) * values), i * values);
  const kept = labels && { labels: Int32Array.from(indices, (index) => labels[index]!) };
  return { count: indices.length, height, width, channels, data: out, ...kept };
}
