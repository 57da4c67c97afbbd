import type { Primitive } from "../ops";
import { sameShape } from "../shape";
import { requireFloat, requireSameDType } from "./rules";

export const matmul: Primitive<"matmul"> = {
  infer: ([a, b], { transposeA, transposeB }, fail) => {
    requireFloat(a, fail);
    requireSameDType([a, b], fail);
    if (a.rank < 2 || a.rank !== b.rank) fail("needs two operands of the same rank, at least 2");
    const lead = a.shape.slice(0, -2);
    if (!sameShape(lead, b.shape.slice(0, -2))) fail("leading axes differ");
    const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
    const [inner, n] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
    if (k !== inner) fail(`inner sizes differ (${k} and ${inner})`);
    return { dtype: a.dtype, shape: [...lead, m, n] };
  },
  gradient: (g, [a, b], { transposeA, transposeB }) => [
    transposeA ? b.matmul(g, { transposeA: transposeB, transposeB: true }) : g.matmul(b, { transposeB: !transposeB }),
    transposeB ? g.matmul(a, { transposeA: true, transposeB: transposeA }) : a.matmul(g, { transposeA: !transposeA }),
  ],
};
