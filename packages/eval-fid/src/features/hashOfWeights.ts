import type { Weights } from "@dit/core";
import { littleEndianBytes } from "@dit/core/internal";

/** SHA-256 of those of all parameters by name, so that the same weights in another kind of file have the same. */
export async function hashOfWeights(weights: Weights): Promise<string> {
  const names = Object.keys(weights).sort();
  const each = await Promise.all(names.map((name) => digest(littleEndianBytes(weights[name]!.data))));
  return digest(new TextEncoder().encode(names.map((name, i) => `${name} ${each[i]}`).join("\n")));
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
