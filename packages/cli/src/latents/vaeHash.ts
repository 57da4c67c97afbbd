import { createHash } from "node:crypto";
import { toDiffusersConfig, type Vae } from "@dit/vae";

/** A hash of an autoencoder's settings and weights, by which latents know whose they are. Reads every weight once. */
export function vaeHash({ config, weights }: Vae): string {
  const hash = createHash("sha256").update(JSON.stringify(toDiffusersConfig(config)));
  for (const name of Object.keys(weights).sort()) {
    const { shape, data } = weights[name]!;
    hash.update(`${name} [${shape}]`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return `sha256:${hash.digest("hex")}`;
}
