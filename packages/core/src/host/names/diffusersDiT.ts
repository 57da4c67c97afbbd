/** Official names, and the names of diffusers' `DiTTransformer2DModel` for the same tensors; `*` stands for every block. */
const stems: readonly (readonly [official: string, diffusers: string])[] = [
  ["x_embedder.proj", "pos_embed.proj"],
  ["t_embedder.mlp.0", "transformer_blocks.*.norm1.emb.timestep_embedder.linear_1"],
  ["t_embedder.mlp.2", "transformer_blocks.*.norm1.emb.timestep_embedder.linear_2"],
  ["y_embedder.embedding_table", "transformer_blocks.*.norm1.emb.class_embedder.embedding_table"],
  ["final_layer.adaLN_modulation.1", "proj_out_1"],
  ["final_layer.linear", "proj_out_2"],
];

const blockStems: readonly (readonly [official: string, diffusers: readonly string[]])[] = [
  ["adaLN_modulation.1", ["norm1.linear"]],
  ["attn.qkv", ["attn1.to_q", "attn1.to_k", "attn1.to_v"]],
  ["attn.proj", ["attn1.to_out.0"]],
  ["mlp.fc1", ["ff.net.0.proj"]],
  ["mlp.fc2", ["ff.net.2"]],
];

/** One official tensor in diffusers' layout. */
export interface DiffusersNames {
  readonly official: string;
  /** `parts`: the rows of the official tensor in equal shares, in this order; `copies`: each is the whole of it. */
  readonly kind: "parts" | "copies";
  readonly names: readonly string[];
}

/**
 * Where the tensors of a DiT of `depth` blocks lie in diffusers' layout: the embedders once in each block, queries, keys and
 * values apart, and no positional table, which diffusers computes.
 */
export function diffusersNames(depth: number): DiffusersNames[] {
  const blocks = Array.from({ length: depth }, (_, i) => i);
  const both = (official: string, kind: DiffusersNames["kind"], names: readonly string[]): DiffusersNames[] =>
    ["weight", "bias"].map((end) => ({
      official: `${official}.${end}`,
      kind,
      names: names.map((name) => `${name}.${end}`),
    }));
  return [
    ...stems.flatMap(([official, name]) =>
      both(official, "copies", name.includes("*") ? blocks.map((i) => name.replace("*", String(i))) : [name]),
    ),
    ...blocks.flatMap((i) =>
      blockStems.flatMap(([official, names]) =>
        both(
          `blocks.${i}.${official}`,
          "parts",
          names.map((name) => `transformer_blocks.${i}.${name}`),
        ),
      ),
    ),
  ].filter(({ official }) => official !== "y_embedder.embedding_table.bias");
}
