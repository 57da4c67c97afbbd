/** How the blocks are told the timestep and the label: the paper's four designs (arXiv 2212.09748, section 3.2). */
export const conditionings = ["inContext", "crossAttention", "adaLN", "adaLNZero"] as const;
export type Conditioning = (typeof conditionings)[number];

export const normNames = ["layer", "rms"] as const;
export type NormName = (typeof normNames)[number];

export const mlpNames = ["gelu", "swiglu"] as const;
export type MlpName = (typeof mlpNames)[number];

/** How the blocks are built. The paper's are the defaults; `docs/architecture.md` tells where the others come from. */
export interface BlockOptions {
  readonly conditioning: Conditioning;
  /** The kind of the norms in the blocks and in the final layer. */
  readonly norm: NormName;
  readonly mlp: MlpName;
  /** Whether queries and keys are normalised head by head. */
  readonly qkNorm: boolean;
  /** Whether queries and keys are turned by their tokens' rows and columns, beside the positional table. */
  readonly rope: boolean;
  /** Learned tokens that join the image's in the blocks and are dropped after them. */
  readonly registerTokens: number;
}

export const blockDefaults: BlockOptions = {
  conditioning: "adaLNZero",
  norm: "layer",
  mlp: "gelu",
  qkNorm: false,
  rope: false,
  registerTokens: 0,
};
