import { DitError, type DType } from "@dit/core";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { elementTypeOf } from "./elementTypes";
import type { NodeProto } from "./onnx/model";
import type { Platform, Runtime } from "./platform/platform";
import { type OrtProvider, providers } from "./provider";
import type { Sessions } from "./sessions";

/** What a provider is able to do on this machine. */
export interface Abilities {
  readonly dtypes: readonly DType[];
  /** How it is called where it refuses a dtype: with the reason, where it is the machine's. */
  readonly title: string;
}

/**
 * Runs a node of each float type on a provider that may not work here.
 * @throws DitError with what would make it work, when it does not
 */
export async function abilities(
  provider: OrtProvider,
  platform: Platform,
  sessions: Sessions,
  runtime: Runtime,
): Promise<Abilities> {
  const { dtypes, isCertain } = providers[provider];
  const name = `ort-${provider}`;
  if (isCertain) return { dtypes, title: name };
  try {
    await negate("f32", new runtime.Tensor("float32", Float32Array.of(1), [1]), sessions);
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^onnxruntime refused \w+: /, "");
    throw new DitError(`onnxruntime's ${provider} does not start here: ${reason}; ${platform.remedy(provider)}`, {
      cause,
    });
  }
  try {
    await negate("f16", new runtime.Tensor("float16", Uint16Array.of(0x3c00), [1]), sessions);
    return { dtypes, title: name };
  } catch {
    const left = dtypes.filter((dtype) => dtype !== "f16");
    return { dtypes: left, title: `${name}, on a device without half precision (shader-f16),` };
  }
}

async function negate(dtype: DType, x: RuntimeTensor, sessions: Sessions): Promise<void> {
  const nodes: NodeProto[] = [{ opType: "Neg", inputs: ["x"], outputs: ["y"] }];
  const port = (name: string) => ({ name, elementType: elementTypeOf[dtype], shape: [1] });
  const graph = { name: "attempt", nodes, inputs: [port("x")], outputs: [port("y")] };
  const session = await sessions.open({ irVersion: 8, opsets: { "": 18 }, graph }, "cpu");
  try {
    await session.run({ x });
  } finally {
    await session.close();
  }
}
