import { toDiffusersConfig, type Vae } from "@dit/vae";
import { weightsHash } from "../weightsHash";

/** A hash of an autoencoder's settings and weights, by which latents know whose they are. */
export function vaeHash({ config, weights }: Vae): string {
  return weightsHash(toDiffusersConfig(config), weights);
}
