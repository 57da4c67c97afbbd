import { DitError } from "@dit/core";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { encodeModel } from "./onnx/encode";
import { externalData } from "./onnx/externalData";
import { bytesOfTensor, type GraphProto, type ModelProto } from "./onnx/model";
import type { Runtime, Session } from "./runtime";
import { writeTemporary } from "./temporaryFiles";

/** A session in use. Runs on one session are queued by the runtime's thread pool, so they may overlap freely. */
export interface OpenSession {
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  close(): Promise<void>;
}

/** Sessions kept after their last use: enough for a training run that validates and samples as it goes. */
const keptSessions = 4;

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

  constructor(
    private readonly runtime: Runtime,
    private readonly threads: number | undefined,
    private readonly inlineBytes: number,
  ) {}

  async open(model: ModelProto): Promise<OpenSession> {
    const constantBytes = (model.graph.initializers ?? []).reduce((sum, tensor) => sum + bytesOfTensor(tensor), 0);
    if (constantBytes > this.inlineBytes) return this.use(model, await this.createMapped(model));
    const bytes = encodeModel(model);
    const key = bytes.length > largestKeptModel ? undefined : signature(bytes);
    const kept = key === undefined ? undefined : this.idle.get(key);
    if (key !== undefined) this.idle.delete(key);
    return this.use(model, kept ?? (await this.create(model, bytes)), key);
  }

  async dispose(): Promise<void> {
    const sessions = [...this.idle.values()];
    this.idle.clear();
    await Promise.all(sessions.map((session) => session.release()));
  }

  /** @param key under which the session is kept when it is closed */
  private use({ graph: { name } }: ModelProto, created: Created, key?: string): OpenSession {
    let isOpen = true;
    return {
      run: async (feeds) => {
        if (!isOpen) throw new DitError(`${name}: this executable was disposed of`);
        try {
          return await created.session.run(feeds);
        } catch (cause) {
          throw new DitError(`onnxruntime failed in ${name}: ${(cause as Error).message}`, { cause });
        }
      },
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        await (key === undefined ? created.release() : this.keep(key, created));
      },
    };
  }

  /** A session whose constants are in a file that the runtime maps: they are loaded one by one and are in memory once. */
  private async createMapped(model: ModelProto): Promise<Created> {
    const external = externalData(model, dataFile);
    const folder = await writeTemporary({ [dataFile]: external.data, [modelFile]: [encodeModel(external.model)] });
    try {
      const { session, release } = await this.create(model, `${folder.path}/${modelFile}`);
      return { session, release: () => release().finally(folder.remove) };
    } finally {
      // The mapping outlives the names, so that nothing is left behind however this process ends.
      folder.remove();
    }
  }

  private async create({ graph }: ModelProto, model: Uint8Array | string): Promise<Created> {
    const options = {
      executionProviders: ["cpu"],
      ...(this.threads === undefined ? {} : { intraOpNumThreads: this.threads }),
      graphOptimizationLevel: hasKnownKernels(graph) ? "layout" : "disabled",
    } as const;
    try {
      const { InferenceSession } = this.runtime;
      const session = await (typeof model === "string"
        ? InferenceSession.create(model, options)
        : InferenceSession.create(model, options));
      return { session, release: () => session.release() };
    } catch (cause) {
      throw new DitError(`onnxruntime refused ${graph.name}: ${(cause as Error).message}`, { cause });
    }
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
