import { ConfigError, unknownName } from "../../ir/errors";
import { type BlockOptions, blockDefaults } from "./blockOptions";
import { checkConfig } from "./checkConfig";
import { type Numerics, officialNumerics } from "./numerics";

/** A Diffusion Transformer's architecture (arXiv 2212.09748, section 3). */
export interface DiTConfig extends BlockOptions, Numerics {
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
  /** 0 makes an unconditional model: it has no label table, and is told the timestep alone. */
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
  ...officialNumerics,
  ...blockDefaults,
};

/**
 * A complete configuration: the defaults, then the preset, then `overrides`. Without classes no label is dropped.
 * @throws ConfigError for an unknown preset or an architecture that cannot be built
 */
export function ditConfig(preset: string | undefined, overrides: Partial<DiTConfig> = {}): DiTConfig {
  const labels = overrides.numClasses === 0 ? { classDropout: 0 } : {};
  const config = { ...ditDefaults, ...labels, ...(preset === undefined ? {} : presetOf(preset)), ...overrides };
  checkConfig(config);
  return config;
}

function presetOf(name: string): DiTSizes & Pick<DiTConfig, "patchSize"> {
  const match = /^DiT-(S|B|L|XL)\/(2|4|8)$/.exec(name);
  if (match === null) throw unknownName("model", name, ditPresets, JSON.stringify(name));
  return { ...ditSizes[match[1] as keyof typeof ditSizes], patchSize: Number(match[2]) };
}

/** Patches of one sample, down and across. Tokens go along the rows. */
export function gridOf({ inputSize: [height, width], patchSize }: DiTConfig): readonly [rows: number, columns: number] {
  return [height / patchSize, width / patchSize];
}

/** Tokens of one sample's image. */
export function tokenCount(config: DiTConfig): number {
  const [rows, columns] = gridOf(config);
  return rows * columns;
}

/** Channels the network puts out: twice the input's when it also predicts the variance. */
export function outChannels({ inChannels, learnSigma }: DiTConfig): number {
  return learnSigma ? 2 * inChannels : inChannels;
}

/**
 * The label that stands for "no class". It exists when labels are dropped in training, and is the only one of an
 * unconditional model, which does not read it.
 */
export function nullLabel({ numClasses }: Pick<DiTConfig, "numClasses">): number {
  return numClasses;
}

/** How many labels the model knows, the null label with the classes. */
export function labelCount({ numClasses, classDropout }: Pick<DiTConfig, "numClasses" | "classDropout">): number {
  return numClasses + (classDropout > 0 || numClasses === 0 ? 1 : 0);
}

/** @throws ConfigError when no label stands for "no class", which guidance compares the others with */
export function requireNullLabel({ numClasses, classDropout }: Pick<DiTConfig, "numClasses" | "classDropout">): void {
  if (numClasses === 0) throw new ConfigError("an unconditional model has no classes to be guided to; use guidance 1");
  if (classDropout === 0)
    throw new ConfigError("guidance needs a model trained with dropped labels (classDropout above 0); use guidance 1");
}

/** @throws ConfigError naming the first label that the model does not know */
export function requireLabels(config: DiTConfig, labels: readonly number[]): void {
  const { numClasses } = config;
  const wrong = labels.find((y) => !Number.isInteger(y) || y < 0 || y >= labelCount(config));
  if (wrong === undefined) return;
  const known = numClasses === 0 ? "is unconditional: its only label is 0" : `knows 0..${numClasses - 1}`;
  throw new ConfigError(`class ${wrong} is out of range: the model ${known}`);
}
