import type { DType } from "@dit/core";
import { DitError, MissingPackageError } from "@dit/core";
import type { FileFeeds, FileOutputs } from "./export/exportable";

const runtimeTypes: { readonly [D in DType]?: "float32" | "int32" } = { f32: "float32", i32: "int32" };

/**
 * Runs an ONNX file in plain onnxruntime as it comes, with nothing of this project in between, once for each of the feeds.
 * @throws MissingPackageError without onnxruntime-node. @throws DitError when onnxruntime refuses the file
 */
export async function runOnnxFile(file: string, questions: readonly FileFeeds[]): Promise<FileOutputs[]> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node").catch((cause) => {
    throw new MissingPackageError("onnxruntime-node", "npm install onnxruntime-node", { cause });
  });
  const tensorOf = (feed: FileFeeds[string]) =>
    typeof feed === "bigint"
      ? new Tensor("int64", BigInt64Array.of(feed), [])
      : new Tensor(runtimeTypes[feed.dtype] as "float32", feed.data as Float32Array, feed.shape);
  try {
    const session = await InferenceSession.create(file);
    const answers: FileOutputs[] = [];
    for (const feeds of questions) {
      const inputs = Object.entries(feeds).map(([name, feed]) => [name, tensorOf(feed)]);
      const outputs = Object.entries(await session.run(Object.fromEntries(inputs)));
      answers.push(Object.fromEntries(outputs.map(([name, { data }]) => [name, data as Float32Array])));
    }
    await session.release();
    return answers;
  } catch (cause) {
    throw new DitError(`onnxruntime does not run ${file}: ${(cause as Error).message}`, { cause });
  }
}
