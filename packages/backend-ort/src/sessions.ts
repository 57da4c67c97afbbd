import { DitError } from "@dit/core";
import type { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-common";
import { encodeModel } from "./onnx/encode";
import { externalData } from "./onnx/externalData";
import { bytesOfTensor, type GraphProto, type ModelProto } from "./onnx/model";
import type { Platform, Runtime, Session } from "./platform/platform";
import type { OrtProvider, Provider } from "./provider";
import { runtimeError } from "./runtimeError";

/** A session in use. Runs may be asked for before earlier ones are over: they wait. */
export interface OpenSession {
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  close(): Promise<void>;
}

/** Sessions kept after their last use: enough for a training run that validates and samples as it goes. */
const keptSessions = 4;

export interface SessionSettings extends Pick<Platform, "writeTemporary">, Pick<Provider, "memory"> {
  readonly provider: OrtProvider;
  readonly threads: number | undefined;
  readonly inlineBytes: number;
  /** Where each session's profile is to be written; nowhere when undefined. */
  readonly profile: string | undefined;
}

/** A session, and what to do when it is not needed any more. */
interface Created {
  readonly session: Session;
  release(): Promise<void>;
}

/**
 * Opens sessions and keeps the last few by their model's signature, so that compiling the same graph again costs
 * nothing. Models with bound weights are not kept: they are large, and their weights would have to be compared.
 */
export class Sessions {
  private readonly idle = new Map<string, Created>();
  private readonly inUse = new Set<OpenSession>();
  private profiles = 0;
  private isDisposed = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly options: SessionSettings,
  ) {}

  /**
   * @param outputs where the results are to be; by default where the provider's values live
   * @throws DitError when all were disposed of, also while this one was made
   */
  async open(model: ModelProto, outputs: Provider["memory"] = this.options.memory): Promise<OpenSession> {
    const { inlineBytes, writeTemporary } = this.options;
    const constantBytes = (model.graph.initializers ?? []).reduce((sum, tensor) => sum + bytesOfTensor(tensor), 0);
    if (writeTemporary !== undefined && constantBytes > inlineBytes) {
      return this.use(model, await this.createMapped(model, writeTemporary, outputs));
    }
    const bytes = encodeModel(model);
    const key = bytes.length > largestKeptModel ? undefined : `${outputs} ${signature(bytes)}`;
    const kept = key === undefined ? undefined : this.idle.get(key);
    if (key !== undefined) this.idle.delete(key);
    return this.use(model, kept ?? (await this.create(model, bytes, outputs)), key);
  }

  /** Closes all that are still open with those that are kept. */
  async dispose(): Promise<void> {
    this.isDisposed = true;
    await Promise.all([...this.inUse].map((session) => session.close()));
    const sessions = [...this.idle.values()];
    this.idle.clear();
    await Promise.all(sessions.map((session) => session.release()));
  }

  /** @param key under which the session is kept when it is closed */
  private async use({ graph: { name } }: ModelProto, created: Created, key?: string): Promise<OpenSession> {
    if (this.isDisposed) {
      await created.release();
      throw new DitError(`${name}: the backend was disposed of`);
    }
    const session: OpenSession = {
      run: async (feeds) => {
        if (!this.inUse.has(session)) throw new DitError(`${name}: this executable was disposed of`);
        return this.runtime.queue
          .add(() => created.session.run(feeds, quietly))
          .catch((cause: unknown) => {
            throw runtimeError("failed in", name, cause);
          });
      },
      close: async () => {
        if (!this.inUse.delete(session)) return;
        await (key === undefined ? created.release() : this.keep(key, created));
      },
    };
    this.inUse.add(session);
    return session;
  }

  /** A session whose constants are in a file that the runtime maps: they are loaded one by one and are in memory once. */
  private async createMapped(
    model: ModelProto,
    writeTemporary: NonNullable<Platform["writeTemporary"]>,
    outputs: Provider["memory"],
  ): Promise<Created> {
    const external = externalData(model, dataFile);
    const folder = await writeTemporary({ [dataFile]: external.data, [modelFile]: [encodeModel(external.model)] });
    try {
      const { session, release } = await this.create(model, `${folder.path}/${modelFile}`, outputs);
      return { session, release: () => release().finally(folder.remove) };
    } finally {
      // The mapping outlives the names, so that nothing is left behind however this process ends.
      folder.remove();
    }
  }

  private async create(
    { graph }: ModelProto,
    model: Uint8Array | string,
    outputs: Provider["memory"],
  ): Promise<Created> {
    const { queue, InferenceSession } = this.runtime;
    const options = this.sessionOptions(graph, outputs);
    const make = () =>
      typeof model === "string" ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
    const session: Session = await queue.add(make).catch((cause: unknown) => {
      throw runtimeError("refused", graph.name, cause);
    });
    const release = async () => {
      try {
        if (this.options.profile !== undefined) session.endProfiling();
      } finally {
        await session.release();
      }
    };
    return { session, release: () => queue.add(release) };
  }

  private sessionOptions(graph: GraphProto, outputs: Provider["memory"]): InferenceSession.SessionOptions {
    const { provider, threads } = this.options;
    const isOnProcessor = provider === "cpu" || provider === "wasm";
    return {
      executionProviders: [provider],
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      graphOptimizationLevel: isOnProcessor && hasKnownKernels(graph) ? "layout" : "disabled",
      ...(outputs === "cpu" ? {} : { preferredOutputLocation: outputs }),
      // A pattern lays the values of a loop's step out anew, in one piece beside all those that the first step asked for:
      // a train step of DiT-S/2 at batch 8 took 1.4 GB more, and was no faster.
      ...(graph.nodes.some(({ opType }) => opType === "Loop") && { enableMemPattern: false }),
      // A node without a kernel on the graphics processor would go to the processor, and its values with it, in silence.
      // The runtime looks at the nodes of the model itself; what is inside a Loop goes by the same kernels.
      extra: isOnProcessor ? { mlas: wholeSums } : { session: { disable_cpu_ep_fallback: "1" } },
      ...this.profiling(graph),
      ...quietly,
    };
  }

  private profiling({ name }: GraphProto): InferenceSession.SessionOptions {
    const { profile } = this.options;
    if (profile === undefined) return {};
    return { enableProfiling: true, profileFilePrefix: `${profile}-${this.profiles++}-${name.replace(/\W+/g, "-")}` };
  }

  private async keep(key: string, session: Created): Promise<void> {
    if (this.idle.has(key)) return session.release();
    this.idle.set(key, session);
    const oldest = this.idle.keys().next().value;
    if (this.idle.size > keptSessions && oldest !== undefined) {
      const dropped = this.idle.get(oldest)!;
      this.idle.delete(oldest);
      await dropped.release();
    }
  }
}

/**
 * onnxruntime's blocked 1x1 convolutions add up 128 input channels at a time and go back to the result in between. A product
 * of a train step is 4 to 8% faster when it adds up as many as 4096 in one go.
 */
const wholeSums = { nchwc_pointwise_conv_max_input_channel_batch: "4096" } as const;

/** Errors are thrown, with their text; what the runtime would print beside that is of no use to a caller. */
const quietly = { logSeverityLevel: 4 } as const;

/**
 * Whether a graph convolves with constants. It is then worth the runtime's own passes, which lay images and kernels out in
 * blocks of channels as wide as the processor's registers: 1.2 times the speed on wide images of many channels, 1.7 times
 * on small ones. Any other graph arrives in the form that runs fastest. The passes would take seconds on a train step, and
 * some of what they fuse is slower: an addition and a LayerNormalization become one kernel of six times the time.
 */
function hasKnownKernels({ nodes, initializers = [] }: GraphProto): boolean {
  const constants = new Set(initializers.map(({ name }) => name));
  const bodies = nodes.flatMap(({ attributes = {} }) =>
    Object.values(attributes).filter(({ type }) => type === "graph"),
  );
  return [...nodes, ...bodies.flatMap(({ value }) => (value as GraphProto).nodes)].some(
    ({ opType, inputs }) => opType === "Conv" && constants.has(inputs[1]!),
  );
}

const [modelFile, dataFile] = ["model.onnx", "model.onnx_data"];

/** Bytes of a model beyond which it holds weights. */
const largestKeptModel = 16 * 2 ** 20;

/** Two 32-bit FNV-1a hashes and the length: a name, not a proof, which is enough among a handful of own models. */
function signature(bytes: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0x01234567;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x01000193);
  }
  return `${bytes.length}-${a >>> 0}-${b >>> 0}`;
}
