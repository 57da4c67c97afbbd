import { silu } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import type { Params } from "../params";
import { linear, linearSpec } from "./linear";

/** Of the hidden width two thirds are kept, so that three matrices hold as many parameters as the plain MLP's two. */
export function swigluSpec(width: number, hidden: number) {
  const kept = Math.floor((2 * hidden) / 3);
  return { fc1_g: linearSpec(width, kept), fc1_x: linearSpec(width, kept), fc2: linearSpec(kept, width) };
}

/** An MLP whose hidden units are gated by others (arXiv 2002.05202). x: [N, T, D] -> [N, T, D] */
export function swiglu(p: Params<ReturnType<typeof swigluSpec>>, x: F32): F32 {
  return linear(p.fc2, silu(linear(p.fc1_g, x)).mul(linear(p.fc1_x, x)));
}
