import { type HostTensor, hostTensor } from "@dit/core";
import { fnv1a } from "@dit/core/internal";

/**
 * A value of the network's parameter `name`, of which no file is needed: what `verify` runs. Hashes of name and index as
 * numbers around 0, of a size that keeps activations near 1; scales and variances of the normalisations near 1. The name
 * that is hashed is `salt` + `name`.
 */
export function formulaWeight(name: string, shape: readonly number[], salt = ""): HostTensor<"f32"> {
  const size = shape.reduce((product, n) => product * n, 1);
  const fanIn = size / shape[0]!;
  const scale = shape.length >= 2 ? Math.sqrt(6 / fanIn) : 0.05;
  const seed = fnv1a(salt + name);
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const value = Math.fround((2 * ((murmur(seed + Math.imul(i, 0x9e3779b9)) >>> 8) / 2 ** 24) - 1) * scale);
    if (name.endsWith(".running_var")) data[i] = 1 + Math.fround(4 * Math.abs(value));
    else data[i] = name.endsWith(".bn.weight") ? 1 + value : value;
  }
  return hostTensor("f32", shape, data);
}

/** An image of blocks and slopes, [height, width, 3] bytes, for checks without a file. */
export function formulaImage(height: number, width: number, seed: number): Uint8Array {
  const out = new Uint8Array(height * width * 3);
  let next = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const block = ((y >> 3) * 64 + (x >> 3)) * 3 + c;
        const level = murmur(seed + Math.imul(block, 0x9e3779b9)) >>> 24;
        out[next++] = (level * 3 + ((x + 2 * y + 40 * c) & 255)) >> 2;
      }
    }
  }
  return out;
}

/** The finaliser of MurmurHash3. */
function murmur(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
