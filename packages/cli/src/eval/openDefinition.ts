import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { ConfigError } from "@dit/core";
import { openTensorFile } from "@dit/core/node";
import { digitsFeatures, type GraphNetwork, inceptionNetwork, inceptionWeights, type RouteName } from "@dit/eval-fid";

/**
 * A feature network that is a definition of this project, with its weights: `digits`, which come with it, or a file of the
 * Inception network's (.pth, .pt or .safetensors), whose images go by `route`.
 * @throws ConfigError when there is no such file. @throws FormatError when it holds other weights
 */
export async function openDefinition(features: string, route: RouteName): Promise<GraphNetwork> {
  if (features === "digits") return digitsFeatures(openTensorFile(digitsFile()));
  if (!existsSync(features)) throw new ConfigError(`${features}: give digits, or a file of weights that is there`);
  return inceptionNetwork(inceptionWeights(openTensorFile(features)), route);
}

function digitsFile(): string {
  return createRequire(import.meta.url).resolve("@dit/eval-fid/digits.safetensors");
}
