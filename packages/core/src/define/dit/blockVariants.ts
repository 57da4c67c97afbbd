import type { F32 } from "../../ir/tensor";
import { attentionMultiplyAdds } from "../nn/attention";
import type { Params } from "../params";
import { adaLNBlock, adaLNBlockSpec } from "./adaLNBlock";
import { ditBlock, ditBlockSpec } from "./block";
import type { Conditioning } from "./blockOptions";
import { sequence, summed } from "./conditioning";
import type { DiTConfig } from "./config";
import { crossAttentionBlock, crossAttentionBlockSpec } from "./crossAttentionBlock";
import { finalLayer, finalLayerSpec, plainFinalLayer, plainFinalLayerSpec } from "./finalLayer";
import { inContextBlock, inContextBlockSpec } from "./inContextBlock";
import type { Layers } from "./layers";

/** One way of telling the blocks what the network is told. */
export interface BlockVariant<Block extends object = object, Final extends object = object> {
  /** From the embeddings, K x [N, D], to the c that blocks and final layer read: [N, D] or [N, K, D]. */
  condition(embeddings: readonly F32[]): F32;
  /** Whether c, as [N, K, D], joins the image's tokens in the blocks. */
  readonly isAppended: boolean;
  spec(config: DiTConfig): Block;
  /** x: tokens [N, S, D] -> [N, S, D] */
  block(p: Params<Block>, x: F32, c: F32, layers: Layers): F32;
  finalSpec(config: DiTConfig): Final;
  /** x: tokens [N, T, D] -> [N, T, P * P * out] */
  final(p: Params<Final>, x: F32, c: F32, layers: Layers): F32;
  /** Multiply-adds that conditioning costs in a block, for S tokens and K embeddings, and in the final layer. */
  multiplyAdds(width: number, tokens: number, embeddings: number): { readonly block: number; readonly final: number };
}

const adaptive = { condition: summed, isAppended: false, finalSpec: finalLayerSpec, final: finalLayer };
const plain = { condition: sequence, finalSpec: plainFinalLayerSpec, final: plainFinalLayer };

/** The paper's four designs (arXiv 2212.09748, section 3.2 and figure 3). */
export const blockVariants = {
  inContext: variant({
    ...plain,
    isAppended: true,
    spec: inContextBlockSpec,
    block: inContextBlock,
    multiplyAdds: () => ({ block: 0, final: 0 }),
  }),
  crossAttention: variant({
    ...plain,
    isAppended: false,
    spec: crossAttentionBlockSpec,
    block: crossAttentionBlock,
    multiplyAdds: (d, tokens, embeddings) => ({ block: attentionMultiplyAdds(d, tokens, embeddings), final: 0 }),
  }),
  adaLN: variant({
    ...adaptive,
    spec: adaLNBlockSpec,
    block: adaLNBlock,
    multiplyAdds: (d) => ({ block: 4 * d * d, final: 2 * d * d }),
  }),
  adaLNZero: variant({
    ...adaptive,
    spec: ditBlockSpec,
    block: ditBlock,
    multiplyAdds: (d) => ({ block: 6 * d * d, final: 2 * d * d }),
  }),
} satisfies Record<Conditioning, BlockVariant>;

/** Holds a row to its own specs: a block reads the parameters that its spec states. */
function variant<Block extends object, Final extends object>(row: BlockVariant<Block, Final>) {
  return row;
}
