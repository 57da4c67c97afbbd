import { ConfigError, didYouMean } from "../../ir/errors";

/** A Diffusion Transformer's architecture (arXiv 2212.09748, section 3). */
export interface DiTConfig {
  /** Height and width of what is denoised: pixels, or cells of a latent. */
  readonly inputSize: readonly [height: number, width: number];
  readonly inChannels: number;
  /** Side of the square patches that become tokens. */
  readonly patchSize: number;
  /** Width D of a token. */
  readonly hiddenSize: number;
  /** Number of blocks. */
  readonly depth: number;
  readonly heads: number;
  /** The MLP's hidden width is this times D. */
  readonly mlpRatio: number;
  readonly numClasses: number;
  /** Probability with which a label is replaced by the null label in training; needed for guidance. */
  readonly classDropout: number;
  /** Whether the network also predicts the variance, in a second half of the output channels. */
  readonly learnSigma: boolean;
  /** Std of the label table's first values. The paper's is 0.02; small models learn their classes sooner from 1. */
  readonly labelStd: number;
}

/** What a preset leaves open. */
export type DiTSizes = Pick<DiTConfig, "depth" | "hiddenSize" | "heads">;

/** The paper's model sizes (table 1). */
export const ditSizes = {
  S: { depth: 12, hiddenSize: 384, heads: 6 },
  B: { depth: 12, hiddenSize: 768, heads: 12 },
  L: { depth: 24, hiddenSize: 1024, heads: 16 },
  XL: { depth: 28, hiddenSize: 1152, heads: 16 },
} as const satisfies Record<string, DiTSizes>;

const patchSizes = [8, 4, 2] as const;

/** The names of the paper's twelve models, such as `DiT-XL/2`. */
export const ditPresets: readonly string[] = Object.keys(ditSizes).flatMap((size) =>
  patchSizes.map((patch) => `DiT-${size}/${patch}`),
);

/** What the official code takes where nothing is said: class-conditional ImageNet at 256 px, on the VAE's latents. */
export const ditDefaults: DiTConfig = {
  inputSize: [32, 32],
  inChannels: 4,
  patchSize: 2,
  ...ditSizes.XL,
  mlpRatio: 4,
  numClasses: 1000,
  classDropout: 0.1,
  learnSigma: true,
  labelStd: 0.02,
};

/**
 * A complete configuration: the defaults, then the preset, then `overrides`.
 * @throws ConfigError for an unknown preset or an architecture that cannot be built
 */
export function ditConfig(preset: string | undefined, overrides: Partial<DiTConfig> = {}): DiTConfig {
  const config = { ...ditDefaults, ...(preset === undefined ? {} : presetOf(preset)), ...overrides };
  checkConfig(config);
  return config;
}

function presetOf(name: string): DiTSizes & Pick<DiTConfig, "patchSize"> {
  const match = /^DiT-(S|B|L|XL)\/(2|4|8)$/.exec(name);
  if (match === null) {
    const near = didYouMean(name, ditPresets);
    throw new ConfigError(
      `there is no model ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean ${near}?`} (models: ${ditPresets.join(", ")})`,
    );
  }
  return { ...ditSizes[match[1] as keyof typeof ditSizes], patchSize: Number(match[2]) };
}

function checkConfig(c: DiTConfig): void {
  const counts = {
    height: c.inputSize[0],
    width: c.inputSize[1],
    ...pick(c, "inChannels", "patchSize", "hiddenSize", "depth", "heads", "numClasses"),
  };
  for (const [key, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`${key} is ${value}, allowed: a whole number from 1`);
  }
  if (!(c.classDropout >= 0 && c.classDropout < 1))
    throw new ConfigError(`classDropout is ${c.classDropout}, allowed: from 0 to below 1`);
  const [height, width] = c.inputSize;
  if (height % c.patchSize !== 0 || width % c.patchSize !== 0) {
    const fitting = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(
      (p) => height % p === 0 && width % p === 0,
    );
    throw new ConfigError(
      `patchSize ${c.patchSize} does not divide the ${height}x${width} input; sizes that do: ${fitting.join(", ")}`,
    );
  }
  if (c.hiddenSize % c.heads !== 0)
    throw new ConfigError(`hiddenSize ${c.hiddenSize} does not split into ${c.heads} heads`);
  if (c.hiddenSize % 4 !== 0) {
    throw new ConfigError(`hiddenSize ${c.hiddenSize} must be a multiple of 4 for the sine-cosine table of two axes`);
  }
}

function pick<K extends keyof DiTConfig>(config: DiTConfig, ...keys: K[]): Record<K, DiTConfig[K]> {
  return Object.fromEntries(keys.map((key) => [key, config[key]])) as Record<K, DiTConfig[K]>;
}

/** Tokens per sample. */
export function tokenCount({ inputSize: [height, width], patchSize }: DiTConfig): number {
  return (height / patchSize) * (width / patchSize);
}

/** Channels the network puts out: twice the input's when it also predicts the variance. */
export function outChannels({ inChannels, learnSigma }: DiTConfig): number {
  return learnSigma ? 2 * inChannels : inChannels;
}

/** The label that stands for "no class". It exists when labels are dropped in training. */
export function nullLabel({ numClasses }: Pick<DiTConfig, "numClasses">): number {
  return numClasses;
}
