/** The modules of an AutoencoderKL in files of CompVis, and their names in diffusers. */
const patterns: readonly (readonly [from: RegExp, to: (parts: readonly string[], levels: number) => string])[] = [
  [/^encoder\.down\.(\d+)\.block\.(\d+)\.(.+)$/, ([i, j, rest]) => `encoder.down_blocks.${i}.resnets.${j}.${rest}`],
  [/^encoder\.down\.(\d+)\.attn\.(\d+)\.(.+)$/, ([i, j, rest]) => `encoder.down_blocks.${i}.attentions.${j}.${rest}`],
  [
    /^encoder\.down\.(\d+)\.downsample\.conv\.(.+)$/,
    ([i, rest]) => `encoder.down_blocks.${i}.downsamplers.0.conv.${rest}`,
  ],
  // The decoder's levels are counted from the finest there, and from the coarsest in diffusers.
  [
    /^decoder\.up\.(\d+)\.block\.(\d+)\.(.+)$/,
    ([i, j, rest], levels) => `decoder.up_blocks.${levels - 1 - Number(i)}.resnets.${j}.${rest}`,
  ],
  [
    /^decoder\.up\.(\d+)\.attn\.(\d+)\.(.+)$/,
    ([i, j, rest], levels) => `decoder.up_blocks.${levels - 1 - Number(i)}.attentions.${j}.${rest}`,
  ],
  [
    /^decoder\.up\.(\d+)\.upsample\.conv\.(.+)$/,
    ([i, rest], levels) => `decoder.up_blocks.${levels - 1 - Number(i)}.upsamplers.0.conv.${rest}`,
  ],
  [
    /^(encoder|decoder)\.mid\.block_([12])\.(.+)$/,
    ([side, n, rest]) => `${side}.mid_block.resnets.${Number(n) - 1}.${rest}`,
  ],
  [/^(encoder|decoder)\.mid\.attn_1\.(.+)$/, ([side, rest]) => `${side}.mid_block.attentions.0.${rest}`],
  [/^(encoder|decoder)\.norm_out\.(.+)$/, ([side, rest]) => `${side}.conv_norm_out.${rest}`],
];

/** The parts of a residual block and of attention. */
const parts: readonly (readonly [from: RegExp, to: string])[] = [
  [/(\.resnets\.\d+)\.nin_shortcut\./, "$1.conv_shortcut."],
  [/(\.attentions\.\d+)\.norm\./, "$1.group_norm."],
  [/(\.attentions\.\d+)\.([qkv])\./, "$1.to_$2."],
  [/(\.attentions\.\d+)\.proj_out\./, "$1.to_out.0."],
];

/** Whether names are those of CompVis' AutoencoderKL. */
export function isCompVis(names: Iterable<string>): boolean {
  return [...names].some((name) => /^(encoder|decoder)\.mid\.block_1\./.test(name));
}

/** A tensor's name in diffusers. `levels`: of the encoder. */
export function fromCompVis(name: string, levels: number): string {
  const found = patterns.map(([from, to]) => [from.exec(name), to] as const).find(([match]) => match !== null);
  const moved = found === undefined ? name : found[1](found[0]!.slice(1), levels);
  return parts.reduce((renamed, [from, to]) => renamed.replace(from, to), moved);
}
