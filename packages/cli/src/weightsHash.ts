import { createHash } from "node:crypto";
import type { Weights } from "@dit/core";

/** A hash of a configuration and of all weights, each of which is read once. */
export function weightsHash(config: object, weights: Weights): string {
  const hash = createHash("sha256").update(JSON.stringify(config));
  for (const name of Object.keys(weights).sort()) {
    const { shape, data } = weights[name]!;
    hash.update(`${name} [${shape}]`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return `sha256:${hash.digest("hex")}`;
}
