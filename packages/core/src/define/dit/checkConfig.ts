import { ConfigError, didYouMean } from "../../ir/errors";
import { conditionings, mlpNames, normNames } from "./blockOptions";
import type { DiTConfig } from "./config";
import { officialNumerics } from "./numerics";

/** @throws ConfigError for an architecture that cannot be built, saying what would */
export function checkConfig(config: DiTConfig): void {
  checkCounts(config);
  checkLabels(config);
  checkPatches(config);
  checkHeads(config);
  checkNumerics(config);
  checkName("conditioning", config.conditioning, conditionings);
  checkName("norm", config.norm, normNames);
  checkName("mlp", config.mlp, mlpNames);
}

function checkCounts(config: DiTConfig): void {
  const { inputSize, inChannels, patchSize, hiddenSize, depth, heads, mlpRatio, numClasses, registerTokens } = config;
  const [height, width] = inputSize;
  checkWhole(1, { height, width, inChannels, patchSize, hiddenSize, depth, heads });
  checkWhole(0, { numClasses, registerTokens });
  if (!(mlpRatio * hiddenSize >= 2)) throw new ConfigError(`mlpRatio ${mlpRatio} leaves the MLP no hidden width`);
}

function checkWhole(least: number, counts: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < least)
      throw new ConfigError(`${key} is ${value}, allowed: a whole number from ${least}`);
  }
}

function checkLabels({ numClasses, classDropout }: DiTConfig): void {
  if (!(classDropout >= 0 && classDropout < 1))
    throw new ConfigError(`classDropout is ${classDropout}, allowed: from 0 to below 1`);
  if (numClasses === 0 && classDropout > 0)
    throw new ConfigError(
      `classDropout is ${classDropout}, but a model without classes has no label to drop; set it to 0`,
    );
}

function checkPatches({ inputSize: [height, width], patchSize }: DiTConfig): void {
  if (height % patchSize === 0 && width % patchSize === 0) return;
  const fitting = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(
    (p) => height % p === 0 && width % p === 0,
  );
  throw new ConfigError(
    `patchSize ${patchSize} does not divide the ${height}x${width} input; sizes that do: ${fitting.join(", ")}`,
  );
}

function checkHeads({ hiddenSize, heads, rope }: DiTConfig): void {
  if (hiddenSize % heads !== 0) throw new ConfigError(`hiddenSize ${hiddenSize} does not split into ${heads} heads`);
  if (hiddenSize % 4 !== 0)
    throw new ConfigError(`hiddenSize ${hiddenSize} must be a multiple of 4 for the sine-cosine table of two axes`);
  const headSize = hiddenSize / heads;
  if (rope && headSize % 4 !== 0)
    throw new ConfigError(
      `rope turns pairs of channels along two axes: heads of ${headSize} must be a multiple of 4 wide`,
    );
}

function checkNumerics({ timestepDivisor, mlpNormEpsilon, conditioning }: DiTConfig): void {
  for (const [key, value] of Object.entries({ timestepDivisor, mlpNormEpsilon })) {
    if (!(value > 0 && Number.isFinite(value))) throw new ConfigError(`${key} is ${value}, allowed: a number above 0`);
  }
  const isAdaptive = conditioning === "adaLN" || conditioning === "adaLNZero";
  if (!isAdaptive && mlpNormEpsilon !== officialNumerics.mlpNormEpsilon)
    throw new ConfigError(`mlpNormEpsilon is for adaptive norms; the design ${conditioning} has none`);
}

function checkName(key: string, value: string, names: readonly string[]): void {
  if (names.includes(value)) return;
  const near = didYouMean(value, names);
  throw new ConfigError(
    `${key} is ${JSON.stringify(value)}${near === undefined ? "" : `; did you mean ${near}?`} (allowed: ${names.join(", ")})`,
  );
}
