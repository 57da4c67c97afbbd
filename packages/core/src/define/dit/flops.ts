import { attentionMultiplyAdds } from "../nn/attention";
import { type BlockVariant, blockVariants } from "./blockVariants";
import { conditioningCount } from "./conditioning";
import { type DiTConfig, outChannels, tokenCount } from "./config";
import { mlpMultiplyAdds } from "./layers";

/**
 * Multiply-adds of one forward pass of one sample, which the paper's tables call flops (arXiv 2212.09748, section 4):
 * matrix products only, biases and element-wise work left out.
 */
export function multiplyAdds(config: DiTConfig): number {
  const { hiddenSize: d, depth, patchSize, inChannels, conditioning, registerTokens } = config;
  const variant: BlockVariant = blockVariants[conditioning];
  const image = tokenCount(config);
  const embeddings = conditioningCount(config);
  const tokens = image + (variant.isAppended ? embeddings : 0) + registerTokens;
  const conditioned = variant.multiplyAdds(d, tokens, embeddings);

  const patches = image * d * inChannels * patchSize ** 2;
  const timestep = 256 * d + d * d;
  const block = attentionMultiplyAdds(d, tokens, tokens) + tokens * mlpMultiplyAdds(config) + conditioned.block;
  const final = image * d * patchSize ** 2 * outChannels(config) + conditioned.final;
  return patches + timestep + depth * block + final;
}
