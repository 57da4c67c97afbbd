import { ditPresets, ditSizes } from "../dit/config";
import { depthOf, type Shapes } from "./guessConfig";

/** Models that are met under the name of a checkpoint, by a tensor that no other of them has. */
const families: readonly (readonly [tensor: RegExp, family: string])[] = [
  [/^transformer_blocks\.0\.norm1\.emb\.timestep_embedder\./, "a DiT of diffusers"],
  [/^(decoder\.mid_block|encoder\.mid_block)\./, "a Stable Diffusion VAE of diffusers (AutoencoderKL)"],
  [/^(first_stage_model\.)?(decoder|encoder)\.mid\.block_1\./, "a Stable Diffusion VAE of CompVis (AutoencoderKL)"],
  [/^(decoder|encoder)\.layers\.\d+\.conv\.0\./, "a tiny autoencoder of diffusers (TAESD)"],
  [/^\d+\.conv\.0\.weight$/, "a tiny autoencoder in its original layout (TAESD)"],
  [/^model\.diffusion_model\.input_blocks\./, "a whole Stable Diffusion model of CompVis"],
  [/^(down_blocks|up_blocks)\.\d+\.attentions\./, "a U-Net of Stable Diffusion"],
  [/^input_blocks\.\d+\./, "a U-Net of guided-diffusion (ADM)"],
  [
    /^(joint|double|single_transformer)_blocks\.|^transformer_blocks\.0\.(ff_context|norm1_context)\./,
    "an MM-DiT (SD3 or Flux)",
  ],
  [/^caption_projection\.|^y_embedder\.y_proj\./, "a text-to-image transformer (PixArt)"],
  [/^(text_model|vision_model)\./, "a CLIP model"],
  [/^Mixed_7c\./, "an Inception v3"],
  [/^(cls_token|patch_embed\.proj\.weight)$/, "a vision transformer"],
];

/** What a file's names and shapes look like, in words; undefined when they look like nothing known. */
export function lookalike(shapes: Shapes): string | undefined {
  const names = [...shapes.keys()];
  const isDiT = shapes.has("x_embedder.proj.weight") && shapes.has("final_layer.adaLN_modulation.1.weight");
  const family = families.find(([tensor]) => names.some((name) => tensor.test(name)))?.[1];
  return isDiT ? ditText(shapes) : family;
}

function ditText(shapes: Shapes): string {
  const [width = 0, , patch = 0] = shapes.get("x_embedder.proj.weight")!;
  const depth = depthOf(shapes.keys());
  const size = Object.entries(ditSizes).find(([, size]) => size.depth === depth && size.hiddenSize === width)?.[0];
  const preset = `DiT-${size}/${patch}`;
  return ditPresets.includes(preset) ? preset : `a DiT of width ${width}, depth ${depth} and patch ${patch}`;
}
