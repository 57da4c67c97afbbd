import {
  bindParams,
  concat,
  type DiffusionConfig,
  type DiTConfig,
  DitError,
  diffusionDefaults,
  dit,
  ditConfig,
  ditSpec,
  type F32,
  f32,
  type Graph,
  type I32,
  i32,
  type ModelConfig,
  outChannels,
  paramTypes,
  scalar,
  type Tensor,
  trace,
  type Weights,
} from "@dit/core";
import { guide, type Network, nodesOf } from "@dit/core/internal";
import { formulaWeights } from "../formula";
import type { Fixture } from "./fixture";

/** The settings of the official code. */
interface OfficialConfig {
  readonly input_size: number;
  readonly patch_size: number;
  readonly in_channels: number;
  readonly hidden_size: number;
  readonly depth: number;
  readonly num_heads: number;
  readonly mlp_ratio: number;
  readonly class_dropout_prob: number;
  readonly num_classes: number;
  readonly learn_sigma: boolean;
}

/** The model that a fixture's `config` describes, in the diffusion that the official `create_diffusion` gives it. */
export function modelOf(fixture: Fixture): ModelConfig<DiffusionConfig> {
  const official = fixture.setting<OfficialConfig>("config");
  const dit = ditConfig(undefined, {
    inputSize: [official.input_size, official.input_size],
    patchSize: official.patch_size,
    inChannels: official.in_channels,
    hiddenSize: official.hidden_size,
    depth: official.depth,
    heads: official.num_heads,
    mlpRatio: official.mlp_ratio,
    classDropout: official.class_dropout_prob,
    numClasses: official.num_classes,
    learnSigma: official.learn_sigma,
  });
  return { dit, diffusion: { ...diffusionDefaults, variance: official.learn_sigma ? "learnedRange" : "fixedLarge" } };
}

/** Every parameter by the fixture's formula, and the fixed tables, which are ours. */
export function weightsOf(config: DiTConfig, fixture: Fixture): Weights {
  return formulaWeights(config, fixture.setting<string>("salt"));
}

/** The network as a graph that also puts out the activations of the named modules, as `act.<module>`. */
export function networkGraph(config: DiTConfig, batch: number, modules: readonly string[]): Graph {
  const spec = ditSpec(config);
  const signature = {
    params: paramTypes(spec).all,
    x: f32([batch, config.inChannels, ...config.inputSize]),
    t: f32([batch]),
    y: i32([batch]),
  };
  const graph = trace("network", signature, ({ params, x, t, y }) => ({
    output: dit(bindParams(spec, params), x, t, y, config),
  }));
  const nodes = nodesOf(graph);
  const activations = modules.map((module) => ({ name: `act.${module}`, tensor: activation(nodes, module) }));
  return { ...graph, outputs: [...graph.outputs, ...activations] };
}

const isIn = (part: string) => (node: Tensor) => node.scope === part || node.scope.startsWith(`${part}.`);

/** What a module puts out: the last node made in it. @throws DitError when nothing is */
export function moduleOutput(nodes: readonly Tensor[], module: string): Tensor {
  const node = nodes.findLast(isIn(module));
  if (node === undefined) throw new DitError(`the network has no module ${module}`);
  return node;
}

/** The same for a DiT, three of whose official names are of no module. */
function activation(nodes: readonly Tensor[], module: string): Tensor {
  const firstNorm = (block: string) => nodes.find((node) => node.op === "layerNorm" && isIn(block)(node));
  const node =
    module === "t_freq"
      ? nodes.find((node) => node.op === "linear" && node.scope === "t_embedder.mlp.0")?.inputs[0]
      : module === "tokens"
        ? firstNorm("blocks.0")?.inputs[0]
        : module.endsWith(".norm1")
          ? firstNorm(module.slice(0, -".norm1".length))
          : moduleOutput(nodes, module);
  if (node === undefined) throw new DitError(`the network has no module ${module}`);
  return node;
}

/**
 * The official guided forward: only the first half of the batch is read, and three channels are guided whatever they
 * are. Both halves of its output. x: [N, C, I, J] -> [2 N, out, I, J]
 */
export function guideBothHalves(network: Network, x: F32, t: F32, y: I32, scale: number, config: DiTConfig): F32 {
  const channels = Math.min(3, outChannels(config));
  const { conditional, unconditional } = guide(network, x, t, y, scalar(scale, "f32"), channels, config);
  return concat([conditional, unconditional], 0);
}
