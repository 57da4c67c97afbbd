import type { F32 } from "../../ir/tensor";
import { type Params, param } from "../params";
import type { DiTConfig } from "./config";

/** Learned tokens, the same for every sample; none is no parameter. */
export function registerTokensSpec({ registerTokens, hiddenSize }: DiTConfig) {
  return registerTokens === 0
    ? {}
    : { reg_token: param([1, registerTokens, hiddenSize], { kind: "normal", std: 0.02 }) };
}

/** Places to keep what belongs to no patch (arXiv 2309.16588). -> [N, R, D], or nothing */
export function registerTokens(p: Params<ReturnType<typeof registerTokensSpec>>, count: number): readonly F32[] {
  const { reg_token } = p;
  return reg_token === undefined ? [] : [reg_token.broadcastTo([count, ...reg_token.shape.slice(1)])];
}
