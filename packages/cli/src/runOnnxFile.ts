import { type HostTensor, MissingPackageError } from "@dit/core";

const runtimeTypes = { f32: "float32", i32: "int32" } as const;

/** Runs an ONNX file in plain onnxruntime, with nothing of this project in between, and returns its output. */
export async function runOnnxFile(
  file: string,
  feeds: Readonly<Record<string, HostTensor<"f32"> | HostTensor<"i32">>>,
): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node").catch((cause) => {
    throw new MissingPackageError("onnxruntime-node", "npm install onnxruntime-node", { cause });
  });
  const session = await InferenceSession.create(file);
  const inputs = Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
    name,
    new Tensor(runtimeTypes[dtype] as "float32", data as Float32Array, shape),
  ]);
  const outputs = await session.run(Object.fromEntries(inputs));
  const output = (await outputs.output!.getData()) as Float32Array;
  await session.release();
  return output;
}
