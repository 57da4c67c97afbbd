import type { F32 } from "../tensor";
import type { Padding } from "../window";

/** Images [N, C, H, W] with zeros around them; a negative padding cuts off. */
export function fitted(x: F32, padding: Padding): F32 {
  const cut = padding.reduce((part, [before, after], i) => {
    return part.slice(i + 2, Math.max(0, -before), part.shape[i + 2]! - Math.max(0, -after));
  }, x);
  const zeros = (side: 0 | 1) => [0, 0, ...padding.map((sides) => Math.max(0, sides[side]))];
  return padding.flat().some((n) => n > 0) ? cut.pad(zeros(0), zeros(1)) : cut;
}
