import { FormatError, UnsupportedError } from "../../ir/errors";
import { type DiffusionConfig, diffusionDefaults } from "../diffusion/config";
import type { PredictionType } from "../diffusion/prediction";
import type { Schedule } from "../diffusion/schedule";
import { type DiTConfig, ditConfig, outChannels } from "../dit/config";
import { diffusersNumerics } from "../dit/numerics";

/** The entries of a `config.json` of diffusers. */
export type DiffusersConfig = Readonly<Record<string, unknown>>;

/** The class of today, and the one that the released models' files name. */
const classNames: readonly unknown[] = ["DiTTransformer2DModel", "Transformer2DModel"];

/** What diffusers' class can be told and only one value of which makes the paper's network. */
const required = {
  norm_type: "ada_norm_zero",
  activation_fn: "gelu-approximate",
  attention_bias: true,
  norm_elementwise_affine: false,
};

/** The positional table is made and not read, so that no file's size bounds it. The paper's largest model has 32. */
const mostTokensToASide = 256;

/**
 * The network that a transformer's `config.json` describes, with diffusers' numerics: diffusers computes another function
 * of the same weights than the official code does, and this one is diffusers'.
 * @throws FormatError for a missing or misshapen entry, UnsupportedError for a network that is no DiT
 */
export function fromDiffusersConfig(json: DiffusersConfig): DiTConfig {
  const { _class_name: className } = json;
  if (className !== undefined && !classNames.includes(className)) {
    throw new UnsupportedError(`it configures ${JSON.stringify(className)}, which is no DiT`);
  }
  for (const [key, value] of Object.entries(required)) {
    if (json[key] !== undefined && json[key] !== value) {
      throw new UnsupportedError(
        `${key} is ${JSON.stringify(json[key])}; a DiT of diffusers has ${JSON.stringify(value)}`,
      );
    }
  }
  if (json.norm_type === undefined) throw new FormatError("norm_type is missing: this configures no DiT of diffusers");
  const heads = whole(json, "num_attention_heads");
  const inChannels = whole(json, "in_channels");
  const outputs =
    json.out_channels === undefined || json.out_channels === null ? inChannels : whole(json, "out_channels");
  if (outputs !== inChannels && outputs !== 2 * inChannels) {
    throw new UnsupportedError(`out_channels is ${outputs}; a DiT puts out ${inChannels} or ${2 * inChannels}`);
  }
  const [side, patchSize] = [whole(json, "sample_size"), whole(json, "patch_size")];
  if (side / patchSize > mostTokensToASide)
    throw new UnsupportedError(
      `sample_size ${side} with patch_size ${patchSize} makes ${side / patchSize} tokens to a side; at most ${mostTokensToASide} are read`,
    );
  return ditConfig(undefined, {
    inputSize: [side, side],
    inChannels,
    patchSize,
    hiddenSize: heads * whole(json, "attention_head_dim"),
    depth: whole(json, "num_layers"),
    heads,
    numClasses: whole(json, "num_embeds_ada_norm"),
    learnSigma: outputs === 2 * inChannels,
    ...diffusersNumerics,
    ...(typeof json.norm_eps === "number" ? { mlpNormEpsilon: json.norm_eps } : {}),
  });
}

/**
 * The `config.json` of a network for diffusers. Its frequencies are diffusers' whatever the configuration says: diffusers
 * has no setting for them.
 * @throws UnsupportedError for a network that diffusers' class cannot compute
 */
export function toDiffusersConfig(config: DiTConfig): DiffusersConfig {
  const [height, width] = config.inputSize;
  const isPlain =
    config.conditioning === "adaLNZero" &&
    config.norm === "layer" &&
    config.mlp === "gelu" &&
    config.mlpRatio === 4 &&
    config.numClasses > 0 &&
    config.classDropout > 0 &&
    height === width &&
    !(config.qkNorm || config.rope || config.registerTokens > 0);
  if (!isPlain) {
    throw new UnsupportedError(
      "diffusers has only the paper's network: adaLN-Zero, square inputs, classes with a null label, an MLP four times as wide",
    );
  }
  return {
    _class_name: classNames[0],
    activation_fn: required.activation_fn,
    attention_bias: required.attention_bias,
    attention_head_dim: config.hiddenSize / config.heads,
    dropout: 0,
    in_channels: config.inChannels,
    norm_elementwise_affine: required.norm_elementwise_affine,
    norm_eps: config.mlpNormEpsilon,
    norm_num_groups: 32,
    norm_type: required.norm_type,
    num_attention_heads: config.heads,
    num_embeds_ada_norm: config.numClasses,
    num_layers: config.depth,
    out_channels: outChannels(config),
    patch_size: config.patchSize,
    sample_size: height,
    upcast_attention: false,
  };
}

const predictions: Readonly<Record<string, PredictionType>> = { epsilon: "eps", sample: "x0", v_prediction: "v" };

/**
 * The diffusion that a `scheduler_config.json` describes; the paper's without one.
 * @throws UnsupportedError for noise of another schedule, or a prediction that is not known
 */
export function fromSchedulerConfig(json: DiffusersConfig | undefined, learnSigma: boolean): DiffusionConfig {
  const variance = learnSigma ? "learnedRange" : "fixedLarge";
  if (json === undefined) return { ...diffusionDefaults, variance };
  const timesteps = whole(json, "num_train_timesteps");
  const schedule = scheduleOf(json, timesteps);
  const prediction = predictions[String(json.prediction_type)];
  if (schedule === undefined || prediction === undefined) {
    const { beta_schedule, beta_start, beta_end, prediction_type } = json;
    throw new UnsupportedError(
      `the scheduler's settings ${JSON.stringify({ beta_schedule, beta_start, beta_end, prediction_type })} are not known`,
    );
  }
  return { ...diffusionDefaults, timesteps, schedule, prediction, variance };
}

function scheduleOf(
  { beta_schedule: name, beta_start, beta_end }: DiffusersConfig,
  steps: number,
): Schedule | undefined {
  if (name === "squaredcos_cap_v2") return "cosine";
  const ends = [Number(beta_start), Number(beta_end)] as const;
  if (!ends.every((beta) => beta > 0 && beta < 1)) return undefined;
  if (name === "scaled_linear") return { name: "scaledLinear", ends };
  if (name !== "linear") return undefined;
  const isPapers = Math.abs(ends[0] * steps - 0.1) < 1e-9 && Math.abs(ends[1] * steps - 20) < 1e-9;
  return isPapers ? "linear" : { name: "linear", ends };
}

function whole(json: DiffusersConfig, key: string): number {
  const value = json[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new FormatError(`${key} is ${JSON.stringify(value)}, allowed: a whole number from 1`);
}
