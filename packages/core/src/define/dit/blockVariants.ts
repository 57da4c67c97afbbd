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
  /** From the embeddings, E x [N, D], to the c that blocks and final layer read: [N, D] or [N, E, D]. */
  condition(embeddings: readonly F32[]): F32;
  /** Whether c, as [N, E, D], joins the image's tokens in the blocks. */
  readonly isAppended: boolean;
  /** How often a block norms its tokens. */
  readonly norms: number;
  spec(config: DiTConfig): Block;
  /** x: tokens [N, S, D] -> [N, S, D] */
  block(p: Params<Block>, x: F32, c: F32, layers: Layers): F32;
  finalSpec(config: DiTConfig): Final;
  /** x: tokens [N, T, D] -> [N, T, P * P * out] */
  final(p: Params<Final>, x: F32, c: F32, layers: Layers): F32;
  /** Multiply-adds that conditioning costs in a block, for S tokens and E embeddings, and in the final layer. */
  multiplyAdds(width: number, tokens: number, embeddings: number): { readonly block: number; readonly final: number };
}

type Module<P> = (p: P, x: F32, c: F32, layers: Layers) => F32;

/** A row held to its own specs: block and final layer read no parameter that is not stated. */
export function blockVariant<Block extends object, Final extends object>(
  row: BlockVariant<Block, Final> & { readonly block: Module<Params<Block>>; readonly final: Module<Params<Final>> },
): BlockVariant<Block, Final> {
  return row;
}

const adaptive = { condition: summed, isAppended: false, norms: 2, finalSpec: finalLayerSpec, final: finalLayer };
const plain = { condition: sequence, finalSpec: plainFinalLayerSpec, final: plainFinalLayer };

/** The paper's four designs (arXiv 2212.09748, section 3.2 and figure 3). */
export const blockVariants = {
  inContext: blockVariant({
    ...plain,
    isAppended: true,
    norms: 2,
    spec: inContextBlockSpec,
    block: inContextBlock,
    multiplyAdds: () => ({ block: 0, final: 0 }),
  }),
  crossAttention: blockVariant({
    ...plain,
    isAppended: false,
    norms: 3,
    spec: crossAttentionBlockSpec,
    block: crossAttentionBlock,
    multiplyAdds: (d, tokens, embeddings) => ({ block: attentionMultiplyAdds(d, tokens, embeddings), final: 0 }),
  }),
  adaLN: blockVariant({
    ...adaptive,
    spec: adaLNBlockSpec,
    block: adaLNBlock,
    multiplyAdds: (d) => ({ block: 4 * d * d, final: 2 * d * d }),
  }),
  adaLNZero: blockVariant({
    ...adaptive,
    spec: ditBlockSpec,
    block: ditBlock,
    multiplyAdds: (d) => ({ block: 6 * d * d, final: 2 * d * d }),
  }),
} satisfies Record<Conditioning, BlockVariant>;
