import { gelu } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import type { Params } from "../params";
import { linear, linearSpec } from "./linear";

export function mlpSpec(width: number, hidden: number) {
  return { fc1: linearSpec(width, hidden), fc2: linearSpec(hidden, width) };
}

/** Two linears with a GELU (tanh approximation) between. x: [N, T, D] -> [N, T, D] */
export function mlp(p: Params<ReturnType<typeof mlpSpec>>, x: F32): F32 {
  return linear(p.fc2, gelu(linear(p.fc1, x)));
}
