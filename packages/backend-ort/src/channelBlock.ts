import { nchwc } from "./lower/blockedKernels";
import { encodeModel } from "./onnx/encode";
import type { ModelProto } from "./onnx/model";
import type { Runtime } from "./platform/platform";

/**
 * How many channels onnxruntime's blocked convolutions want together: 16 with AVX-512, 8 with AVX2; undefined on
 * processors and in builds without such kernels. Asked of the runtime, by a look at how it orders the numbers of an image.
 */
export function channelBlock(runtime: Runtime): Promise<number | undefined> {
  const known = asked.get(runtime.InferenceSession) ?? runtime.queue.add(() => ask(runtime));
  asked.set(runtime.InferenceSession, known);
  return known;
}

const asked = new WeakMap<Runtime["InferenceSession"], Promise<number | undefined>>();

/** Two pixels of as many channels as the largest block: with blocks of B, the second pixel begins after B numbers. */
const channels = 16;

async function ask({ InferenceSession, Tensor }: Runtime): Promise<number | undefined> {
  try {
    const session = await InferenceSession.create(encodeModel(reordering), { logSeverityLevel: 4 });
    const numbers = Float32Array.from({ length: 2 * channels }, (_, i) => i);
    const { y } = await session.run({ x: new Tensor("float32", numbers, [1, channels, 2, 1]) });
    await session.release();
    const block = (y!.data as Float32Array).indexOf(1);
    return block === 8 || block === channels ? block : undefined;
  } catch {
    return undefined;
  }
}

const reordering: ModelProto = {
  irVersion: 10,
  opsets: { "": 23, [nchwc]: 1 },
  graph: {
    name: "channel block",
    nodes: [{ opType: "ReorderInput", domain: nchwc, inputs: ["x"], outputs: ["y"] }],
    inputs: [{ name: "x", elementType: "float32", shape: [1, channels, 2, 1] }],
    outputs: [{ name: "y", elementType: "float32" }],
  },
};
