import { apply } from "../apply";
import type { Composite } from "../ops";
import { conv2d } from "../primitives/convolution";
import { requireSameDType } from "../primitives/rules";

export const biasedConv2d: Composite<"biasedConv2d"> = {
  infer: ([x, weight, bias], attributes, fail) => {
    requireSameDType([x, weight, bias], fail);
    const out = weight.shape[0];
    if (bias.rank !== 1 || bias.shape[0] !== out) fail(`the bias must be [${out}], got [${bias.shape}]`);
    return conv2d.infer([x, weight], attributes, fail);
  },
  decompose: ([x, weight, bias], attributes) =>
    apply<"conv2d", "f32">("conv2d", [x, weight], attributes).add(bias.reshape([-1, 1, 1])),
};
