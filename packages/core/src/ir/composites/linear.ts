import type { Composite } from "../ops";
import { requireFloat, requireSameDType } from "../primitives/rules";

/**
 * The leading axes are folded into one, so that every backend sees one plain matrix product; they are back before the bias is
 * added, so that backends can add it together with what follows.
 */
export const linear: Composite<"linear"> = {
  infer: ([x, weight, bias], _, fail) => {
    requireFloat(x, fail);
    requireSameDType([x, weight, bias], fail);
    if (weight.rank !== 2) fail(`the weight must be [out, in], got [${weight.shape}]`);
    const [out, inner] = weight.shape as [number, number];
    if (x.shape.at(-1) !== inner) fail(`the input has ${x.shape.at(-1)} channels, the weight takes ${inner}`);
    if (bias.rank !== 1 || bias.shape[0] !== out) fail(`the bias must be [${out}], got [${bias.shape}]`);
    return { dtype: x.dtype, shape: [...x.shape.slice(0, -1), out] };
  },
  decompose: ([x, weight, bias]) =>
    x
      .reshape([-1, weight.shape[1]!])
      .matmul(weight, { transposeB: true })
      .reshape([...x.shape.slice(0, -1), weight.shape[0]!])
      .add(bias),
  gradient: (g, [x, weight]) => {
    const rows = g.reshape([-1, weight.shape[0]!]);
    const inputs = x.reshape([-1, weight.shape[1]!]);
    return [rows.matmul(weight).reshape(x.shape), rows.matmul(inputs, { transposeA: true }), rows.sum([0])];
  },
};
