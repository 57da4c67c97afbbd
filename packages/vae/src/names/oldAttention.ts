/** How diffusers named the linears of attention in 2022, and how it names them since. */
const names: Readonly<Record<string, string>> = { query: "to_q", key: "to_k", value: "to_v", proj_attn: "to_out.0" };

/** A tensor's name of today. */
export function fromOldAttention(name: string): string {
  return name.replace(
    /(\.attentions\.\d+)\.(query|key|value|proj_attn)\./,
    (_, place, old) => `${place}.${names[old]}.`,
  );
}
