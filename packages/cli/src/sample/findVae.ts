import { existsSync } from "node:fs";
import { ConfigError, type ModelConfig } from "@dit/core";
import type { Vae } from "@dit/vae";
import { hasVae, loadVae } from "@dit/vae/node";
import { readJsonObject } from "../config/configFile";
import { runFolder } from "../run/runFolder";

/** Channels of pictures: grey and colour. A model of others draws latents. */
export function drawsLatents({ dit }: ModelConfig): boolean {
  return dit.inChannels !== 1 && dit.inChannels !== 3;
}

/**
 * The autoencoder that decodes what a model draws: the one that is named, else the one in the model's pipeline of
 * diffusers, else the one that its run was trained with. Undefined for a model of pixels.
 * @param model where the model came from
 * @throws ConfigError when latents would have none, or one of other channels
 */
export async function findVae(config: ModelConfig, model: string, named: string | undefined): Promise<Vae | undefined> {
  const path = named ?? (hasVae(model) ? model : vaeOfRun(model));
  if (path === undefined) {
    if (!drawsLatents(config)) return undefined;
    const { inChannels } = config.dit;
    throw new ConfigError(
      `the model draws latents of ${inChannels} channels; name the autoencoder they are of: --vae DIR`,
    );
  }
  if (!existsSync(path)) throw new ConfigError(`there is no autoencoder at ${path}`);
  const vae = await loadVae(path);
  requireChannels(config, vae);
  return vae;
}

/** @throws ConfigError when a model's latents are not those of an autoencoder */
export function requireChannels({ dit }: ModelConfig, { config }: Vae): void {
  if (config.latentChannels === dit.inChannels) return;
  throw new ConfigError(
    `the autoencoder's latents have ${config.latentChannels} channels, the model's ${dit.inChannels}`,
  );
}

function vaeOfRun(model: string): string | undefined {
  const { config } = runFolder(model);
  if (!existsSync(config)) return undefined;
  const { vae } = readJsonObject(config);
  return typeof vae === "string" ? vae : undefined;
}
