import { type DiTConfig, outChannels, tokenCount } from "./config";

/**
 * Multiply-adds of one forward pass of one sample, which the paper's tables call flops (arXiv 2212.09748, section 4):
 * matrix products only, biases and element-wise work left out.
 */
export function multiplyAdds(config: DiTConfig): number {
  const { hiddenSize: d, depth, mlpRatio, patchSize, inChannels } = config;
  const tokens = tokenCount(config);
  const hidden = Math.floor(d * mlpRatio);
  const block = (4 * d + 2 * hidden) * d * tokens + 2 * tokens * tokens * d + 6 * d * d;
  const patches = tokens * d * inChannels * patchSize ** 2;
  const timestep = 256 * d + d * d;
  const final = 2 * d * d + tokens * d * patchSize ** 2 * outChannels(config);
  return depth * block + patches + timestep + final;
}
