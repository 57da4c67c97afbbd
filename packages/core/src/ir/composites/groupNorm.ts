import { apply } from "../apply";
import type { Composite } from "../ops";
import { requireFloat, requireSameDType } from "../primitives/rules";

/** Group normalisation (arXiv 1803.08494), as a layer norm of each group. */
export const groupNorm: Composite<"groupNorm"> = {
  infer: ([x, weight, bias], { groups }, fail) => {
    requireFloat(x, fail);
    requireSameDType([x, weight, bias], fail);
    const channels = x.shape[1] ?? fail("needs images [N, C, H, W]");
    if (channels % groups !== 0) fail(`${channels} channels do not split into ${groups} groups`);
    for (const p of [weight, bias]) {
      if (p.rank !== 1 || p.shape[0] !== channels) fail(`weight and bias must be [${channels}], got [${p.shape}]`);
    }
    return { dtype: x.dtype, shape: x.shape };
  },
  decompose: ([x, weight, bias], { groups, epsilon }) => {
    const rows = x.reshape([x.shape[0]!, groups, -1]);
    const byChannel = [-1, ...x.shape.slice(2).map(() => 1)];
    return apply<"layerNorm", "f32">("layerNorm", [rows], { epsilon })
      .reshape(x.shape)
      .mul(weight.reshape(byChannel))
      .add(bias.reshape(byChannel));
  },
};
