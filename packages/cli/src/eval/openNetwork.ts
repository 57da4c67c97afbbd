import { existsSync } from "node:fs";
import { type Backend, ConfigError } from "@dit/core";
import {
  type FeatureNetwork,
  type GraphNetwork,
  graphFeatures,
  largestAllowedDeviation,
  type Mode,
  pixelFeatures,
  type Verification,
  verify,
} from "@dit/eval-fid";
import { type BackendConfig, openBackend } from "../openBackend";
import { VerificationError } from "../output/exit";
import { onnxFeatures } from "./onnxFeatures";
import { openDefinition } from "./openDefinition";

/** A feature network that is ready, and what was found when its backend was checked. */
export interface OpenedNetwork {
  readonly network: FeatureNetwork;
  readonly verification?: Verification;
}

/**
 * Opens what `--features` names: `pixels`; `digits`, the small network of this project; a file of the Inception network's weights
 * (.pth, .pt or .safetensors), whose backend is checked first; or any network in an .onnx file.
 * @throws ConfigError when it is none of these. @throws VerificationError when the backend computes Inception wrongly
 */
export async function openNetwork(features: string, mode: Mode, config: BackendConfig): Promise<OpenedNetwork> {
  if (features === "pixels") return { network: pixelFeatures() };
  if (features !== "digits" && !existsSync(features)) {
    throw new ConfigError(`--features ${features}: give pixels, digits, or a file of weights that is there`);
  }
  if (features.endsWith(".onnx")) return { network: await onnxFeatures(features, mode) };
  return onBackend(await openDefinition(features, mode), config, features === "digits" ? undefined : trusted);
}

/** @throws VerificationError when its deviation is too large */
async function trusted(backend: Backend): Promise<Verification> {
  const verification = await verify(backend);
  if (verification.largestDeviation <= largestAllowedDeviation) return verification;
  throw new VerificationError(
    `${backend.name} computes the Inception network wrongly here: features are off by ${verification.largestDeviation}; take another --backend`,
  );
}

async function onBackend(
  definition: GraphNetwork,
  config: BackendConfig,
  check?: (backend: Backend) => Promise<Verification>,
): Promise<OpenedNetwork> {
  const backend = await openBackend(config);
  try {
    const verification = await check?.(backend);
    const network = await graphFeatures(definition, backend);
    const dispose = () => network.dispose().finally(() => backend.dispose());
    return { network: { ...network, dispose }, ...(verification && { verification }) };
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}
