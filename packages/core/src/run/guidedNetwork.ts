import type { DiTConfig } from "../define/dit/config";
import { dit, ditSpec } from "../define/dit/dit";
import { bindParams, paramTypes, type Weights } from "../define/params";
import { autoguide, guide, guidedChannels, type Network, rescaled } from "../define/sample/guidance";
import type { HostTensor } from "../ir/hostTensor";
import type { F32 } from "../ir/tensor";
import { castTensors } from "../lower/castPrecision";
import { f32, i32, type Traced } from "../trace/signature";
import type { SampleSettings } from "./sampleSettings";
import { prefixed } from "./trainState";

/** What stays the same in every call of a sampler's network: weights, labels, the guidance scale. */
export function networkConstants(config: DiTConfig, count: number, weaker?: DiTConfig) {
  const guide = weaker === undefined ? {} : paramTypes(ditSpec(weaker)).all;
  return { params: paramTypes(ditSpec(config)).all, guide, y: i32([count]), guidance: f32([]) };
}

/** The weights among them, by name. */
export function weightConstants(weights: Weights, weaker?: Weights): Record<string, HostTensor> {
  return { ...prefixed("params", weights), ...(weaker && prefixed("guide", weaker)) };
}

/**
 * A DiT as a sampler asks it, guided where the settings say so: by its null label, or by a weaker model.
 * x: [N, C, I, J], t: [N] -> [N, out, I, J]
 */
export function guidedNetwork(
  config: DiTConfig,
  settings: Pick<SampleSettings, "guidance" | "guidanceChannels" | "guidanceRescale" | "precision">,
  weaker?: DiTConfig,
): (constants: Traced<ReturnType<typeof networkConstants>>, x: F32, t: F32) => F32 {
  const { guidance, guidanceChannels, guidanceRescale, precision } = settings;
  const networkOf = (config: DiTConfig, params: object): Network => {
    const bound = bindParams(ditSpec(config), params as never);
    return (xt, t, labels) => castTensors([dit(bound, xt, t, labels, config)], precision)[0]!;
  };
  return ({ params, guide: guideParams, y, guidance: scale }, x, t) => {
    const network = networkOf(config, params);
    if (guidance === 1) return network(x, t, y);
    const channels = guidedChannels(config, guidanceChannels);
    const { conditional, plain } =
      weaker === undefined
        ? guide(network, x, t, y, scale, channels, config)
        : autoguide(network, networkOf(weaker, guideParams), x, t, y, scale, channels);
    return guidanceRescale === 0 ? conditional : rescaled(conditional, plain, guidanceRescale, channels);
  };
}
