import type { DiTConfig } from "../define/dit/config";
import { dit, ditSpec } from "../define/dit/dit";
import { bindParams, paramTypes } from "../define/params";
import { guide, guidedChannels, type Network } from "../define/sample/guidance";
import type { F32 } from "../ir/tensor";
import { f32, i32, type Traced } from "../trace/signature";
import type { SampleSettings } from "./sample";

/** What stays the same in every call of a sampler's network: weights, labels, the guidance scale. */
export function networkConstants(config: DiTConfig, count: number) {
  return { params: paramTypes(ditSpec(config)).all, y: i32([count]), guidance: f32([]) };
}

/** A DiT as a sampler asks it, guided where the settings say so. x: [N, C, I, J], t: [N] -> [N, out, I, J] */
export function guidedNetwork(
  config: DiTConfig,
  settings: Pick<SampleSettings, "guidance" | "guidanceChannels">,
): (constants: Traced<ReturnType<typeof networkConstants>>, x: F32, t: F32) => F32 {
  const spec = ditSpec(config);
  return ({ params, y, guidance }, x, t) => {
    const bound = bindParams(spec, params);
    const network: Network = (xt, t, labels) => dit(bound, xt, t, labels, config);
    if (settings.guidance === 1) return network(x, t, y);
    const channels = guidedChannels(config, settings.guidanceChannels);
    return guide(network, x, t, y, guidance, channels, config).conditional;
  };
}
