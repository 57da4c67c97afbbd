import { readSafetensors, type SafetensorsFile, writeSafetensors } from "../host/safetensors";
import { toLazyTensor } from "../host/toHostTensor";
import { FormatError } from "../ir/errors";
import type { HostTensor } from "../ir/hostTensor";
import { sameShape } from "../ir/shape";
import { diffusionDefaults } from "./diffusion/config";
import { ditConfig } from "./dit/config";
import { ditSpec } from "./dit/dit";
import { checkModel, type Model, type ModelConfig } from "./model";
import { paramsOf, type Weights } from "./params";

/** Where the configuration lies in a file's metadata. */
const configKey = "dit.config";

/**
 * A model as one safetensors file: official parameter names and layout, so that PyTorch opens it as it is, and the
 * configuration in the metadata, so that nothing else is needed to use it.
 */
export function modelToSafetensors({ config, weights }: Model): Uint8Array {
  return writeSafetensors(weights, { format: "pt", [configKey]: JSON.stringify(config) });
}

/**
 * Reads a model that `modelToSafetensors` wrote, or bare official weights with their configuration given. The weights stay
 * in the file: each is taken from it when its values are asked for.
 * @throws FormatError when the file is damaged or its tensors are not those of its configuration
 */
export function modelFromSafetensors(source: Uint8Array | SafetensorsFile, given?: ModelConfig): Model {
  const file = source instanceof Uint8Array ? readSafetensors(source) : source;
  const config = given ?? configFrom(file.metadata[configKey]);
  const weights = Object.fromEntries([...file.tensors].map(([name, tensor]) => [name, toLazyTensor(tensor)]));
  checkModel(config);
  requireParams(config, weights);
  return { config, weights: weights as Weights };
}

function configFrom(text: string | undefined): ModelConfig {
  if (text === undefined) {
    throw new FormatError(`the file has no ${configKey} in its metadata; give the model's configuration with it`);
  }
  try {
    const { dit, diffusion, classNames } = JSON.parse(text) as ModelConfig;
    return {
      dit: ditConfig(undefined, dit),
      diffusion: { ...diffusionDefaults, ...diffusion },
      ...(classNames === undefined ? {} : { classNames }),
    };
  } catch (cause) {
    throw new FormatError(`${configKey} in the file's metadata cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** @throws FormatError naming the first parameter that is missing, of another shape, or unknown */
export function requireParams({ dit }: ModelConfig, weights: Readonly<Record<string, HostTensor>>): void {
  const params = paramsOf(ditSpec(dit));
  for (const [name, { shape }] of Object.entries(params)) {
    const value = weights[name];
    if (value === undefined) throw new FormatError(`parameter ${name} is missing`);
    if (!sameShape(value.shape, shape)) {
      throw new FormatError(`parameter ${name} has shape [${value.shape}], the configuration says [${shape}]`);
    }
    if (value.dtype !== "f32") throw new FormatError(`parameter ${name} is ${value.dtype}; convert the file to f32`);
  }
  const unknown = Object.keys(weights).find((name) => !(name in params));
  if (unknown !== undefined) throw new FormatError(`the file has a parameter ${unknown} that this model does not`);
}
