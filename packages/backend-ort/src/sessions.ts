import { DitError } from "@dit/core";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { encodeModel } from "./onnx/encode";
import type { ModelProto } from "./onnx/model";
import type { Runtime, Session } from "./runtime";

/** A session in use. Runs on one session are queued by the runtime's thread pool, so they may overlap freely. */
export interface OpenSession {
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  close(): Promise<void>;
}

/** Sessions kept after their last use: enough for a training run that validates and samples as it goes. */
const keptSessions = 4;

/**
 * Opens sessions and keeps the last few by their model's signature, so that compiling the same graph again costs
 * nothing. Models with bound weights are not kept: they are large, and their weights would have to be compared.
 */
export class Sessions {
  private readonly idle = new Map<string, Session>();

  constructor(
    private readonly runtime: Runtime,
    private readonly threads: number | undefined,
  ) {}

  async open(model: ModelProto): Promise<OpenSession> {
    const bytes = encodeModel(model);
    const key = signature(bytes);
    const kept = this.idle.get(key);
    this.idle.delete(key);
    const session = kept ?? (await this.create(model, bytes));
    let isOpen = true;
    return {
      run: async (feeds) => {
        if (!isOpen) throw new DitError(`${model.graph.name}: this executable was disposed of`);
        try {
          return await session.run(feeds);
        } catch (cause) {
          throw new DitError(`onnxruntime failed in ${model.graph.name}: ${(cause as Error).message}`, { cause });
        }
      },
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        await this.keep(key, bytes.length, session);
      },
    };
  }

  async dispose(): Promise<void> {
    const sessions = [...this.idle.values()];
    this.idle.clear();
    await Promise.all(sessions.map((session) => session.release()));
  }

  private async create(model: ModelProto, bytes: Uint8Array): Promise<Session> {
    try {
      return await this.runtime.InferenceSession.create(bytes, {
        executionProviders: ["cpu"],
        ...(this.threads === undefined ? {} : { intraOpNumThreads: this.threads }),
        // The graph arrives in the form that runs fastest. The runtime's own passes take seconds on a train step, and
        // some of what they fuse is slower: an addition and a LayerNormalization become one kernel of six times the time.
        graphOptimizationLevel: "disabled",
      });
    } catch (cause) {
      throw new DitError(`onnxruntime refused ${model.graph.name}: ${(cause as Error).message}`, { cause });
    }
  }

  private async keep(key: string, size: number, session: Session): Promise<void> {
    if (size > largestKeptModel || this.idle.has(key)) return session.release();
    this.idle.set(key, session);
    const oldest = this.idle.keys().next().value;
    if (this.idle.size > keptSessions && oldest !== undefined) {
      const dropped = this.idle.get(oldest)!;
      this.idle.delete(oldest);
      await dropped.release();
    }
  }
}

/** Bytes of a model beyond which it holds weights. */
const largestKeptModel = 16 * 2 ** 20;

/** Two 32-bit FNV-1a hashes and the length: a name, not a proof, which is enough among a handful of own models. */
function signature(bytes: Uint8Array): string {
  if (bytes.length > largestKeptModel) return "";
  let a = 0x811c9dc5;
  let b = 0x01234567;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x01000193);
  }
  return `${bytes.length}-${a >>> 0}-${b >>> 0}`;
}
