import { concat, constantF32, split } from "../../ir/create";
import { inPart } from "../../ir/scope";
import type { F32 } from "../../ir/tensor";
import type { Rotation } from "../nn/attention";
import { type DiTConfig, gridOf } from "./config";
import { positionalTable } from "./positionalTable";

/**
 * Rotary position embedding (arXiv 2104.09864) along two axes (arXiv 2403.13298, section 3.1): half of a head's channels
 * are turned by the token's column, half by its row, so that a score depends on the distance of its two tokens, not on
 * where they stand. The angles are those of the sine-cosine table at the width of a head: position / 10000^(k / (K / 4)).
 * In each half, channel k is turned with channel k + K / 4. Tokens after the image's stand nowhere and are not turned.
 */
export function rope(config: DiTConfig): Rotation {
  const { heads, hiddenSize } = config;
  const [rows, columns] = gridOf(config);
  const [tokens, headSize] = [rows * columns, hiddenSize / heads];
  const quarter = headSize / 4;
  const table = inPart("rope", () => constantF32([tokens, 1, 2, 2, quarter], positionalTable(headSize, rows, columns)));
  const [sines, cosines] = inPart("rope", () => split(table, 2, 3)) as [F32, F32]; // 2 x [T, 1, 2, 1, K / 4]
  return (x) => {
    const [n, length, width] = x.shape as [number, number, number];
    const image = x.slice(1, 0, tokens).reshape([n, tokens, heads, 2, 2, quarter]);
    const [a, b] = split(image, 2, 4) as [F32, F32]; // 2 x [N, T, H, 2, 1, K / 4]
    const turned = concat([a.mul(cosines).sub(b.mul(sines)), a.mul(sines).add(b.mul(cosines))], 4);
    const joined = turned.reshape([n, tokens, width]);
    return length === tokens ? joined : concat([joined, x.slice(1, tokens, length)], 1);
  };
}
