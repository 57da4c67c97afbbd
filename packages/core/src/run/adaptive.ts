import { type FlowConfig, samplingRange } from "../define/flow/config";
import type { Model, ModelConfig } from "../define/model";
import type { Weights } from "../define/params";
import { flowColumns } from "../define/sample/flowColumns";
import { dopri5 } from "../host/dopri5";
import { type HostTensor, hostF32, hostI32 } from "../ir/hostTensor";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import type { Backend, Executable, Feeds } from "./backend";
import { noiseFor, requireBound, requireClasses } from "./drawing";
import { disposeAll } from "./feeds";
import { guidedNetwork, networkConstants, weightConstants } from "./guidedNetwork";
import { type BatchDerivative, inLockstep } from "./lockstep";
import type { Sampler } from "./sample";
import { requireAdaptive, type SampleSettings } from "./sampleSettings";
import { prefixed } from "./trainState";

/**
 * The one sampler that is no table: dopri5 looks at what the network answers before it knows where to ask next, so it
 * loops on the host over one compiled graph. Each image takes its own steps, whatever is drawn beside it.
 */
export async function adaptiveSampler(
  config: ModelConfig<FlowConfig>,
  backend: Backend,
  count: number,
  settings: SampleSettings,
  { autoguidance, bound }: { readonly autoguidance: Model | undefined; readonly bound: Weights | undefined },
): Promise<Sampler> {
  const { dit, diffusion: flow } = config;
  const { from, to } = samplingRange(flow);
  const image = [count, dit.inChannels, ...dit.inputSize];
  const network = guidedNetwork(dit, settings, autoguidance?.config.dit);
  const signature = {
    constants: networkConstants(dit, count, autoguidance?.config.dit),
    x: f32(image),
    t: f32([count]),
  };
  const graph = trace("dopri5 call", signature, ({ constants, x, t }) => ({
    prediction: network(constants, x, t).slice(1, 0, dit.inChannels),
  }));
  const named = (weights: Weights) => prefixed("constants", weightConstants(weights, autoguidance?.weights));
  const executable = await backend.compile({ ...graph, samples: ["x"] }, bound && { constants: named(bound) });
  return {
    settings,
    async run(weights, classes, { seed = 0, firstSample = 0, signal, onStep, onPreview } = {}) {
      requireAdaptive(settings, onPreview !== undefined);
      requireClasses(config, classes, count);
      requireBound(bound, weights);
      const noise = noiseFor(config, count, firstSample, { seed, stream: "start", step: 0 });
      const constants: Record<string, Feeds[string]> = {
        "constants.y": hostI32([count], classes),
        "constants.guidance": hostF32([], [settings.guidance]),
      };
      let gone = 0;
      const watched: BatchDerivative = async (times, x) => {
        signal?.throwIfAborted();
        const percent = Math.floor((100 * (Math.min(...times, to) - from)) / (to - from));
        if (percent > gone) onStep?.(percent, 100);
        gone = Math.max(gone, percent);
        return velocities(executable, constants, flow, settings.clip, times, hostF32(image, x));
      };
      try {
        if (bound === undefined)
          for (const [name, value] of Object.entries(named(weights))) constants[name] = await backend.upload(value);
        const end = await inLockstep(Float64Array.from(noise.data), count, watched, async (f, x0) => {
          const states = await dopri5(f, x0, [from, to], settings.flow);
          return states[1]!;
        });
        const remakes = { ...settings, seed, classes, autoguidance: autoguidance !== undefined };
        return { images: hostF32(image, end), settings: remakes };
      } finally {
        disposeAll(constants);
      }
    },
    dispose: () => executable.dispose(),
  };
}

/** The velocity of each sample at its own time, on the host in float64. */
async function velocities(
  executable: Executable,
  constants: Feeds,
  flow: FlowConfig,
  clip: boolean,
  asked: readonly number[],
  x: HostTensor<"f32">,
): Promise<Float64Array> {
  // The last step reaches beyond the end. Where the range ends early, something is infinite soon after.
  const { to } = samplingRange(flow);
  const times = to < 1 ? asked.map((time) => Math.min(time, to)) : asked;
  const outputs = await executable.run({ ...constants, x, t: hostF32([times.length], times) });
  const prediction = (await outputs.prediction!.read()) as HostTensor<"f32">;
  disposeAll(outputs);
  const rows = times.map((time) => flowColumns(flow, time, clip));
  const size = x.data.length / times.length;
  return Float64Array.from(prediction.data, (o, i) => {
    const row = rows[Math.floor(i / size)]!;
    const implied = row.x0FromX * x.data[i]! + row.x0FromOutput * o;
    const x0 = Math.min(1, Math.max(-1, implied));
    const ofImage = row.dFromX0 === 0 ? 0 : row.dFromX0 * x0;
    return row.dFromX * x.data[i]! + ofImage + row.dFromOutput * o;
  });
}
