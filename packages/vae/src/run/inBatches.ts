import { type Executable, type HostTensor, hostZeros } from "@dit/core";
import { disposeAll } from "@dit/core/internal";

/**
 * Runs a compiled graph of one input over more samples than it takes at once. The last batch is filled up with zeros, and
 * what comes of them is thrown away.
 * @param given [N, ...]; `batch` is the first axis of the graph's input
 * @returns each output by name, [N, ...]
 */
export async function inBatches(
  executable: Executable,
  input: string,
  given: HostTensor<"f32">,
  batch: number,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, HostTensor<"f32">>>> {
  const [count = 0, ...rest] = given.shape;
  const size = given.data.length / count;
  const results: Record<string, HostTensor<"f32">> = {};
  for (let first = 0; first < count; first += batch) {
    signal?.throwIfAborted();
    const present = Math.min(batch, count - first);
    const part = hostZeros("f32", [batch, ...rest]);
    part.data.set(given.data.subarray(first * size, (first + present) * size));
    const outputs = await executable.run({ [input]: part });
    for (const [name, tensor] of Object.entries(outputs)) {
      const { shape, data } = (await tensor.read()) as HostTensor<"f32">;
      results[name] ??= hostZeros("f32", [count, ...shape.slice(1)]);
      results[name].data.set(data.subarray(0, (data.length / batch) * present), (data.length / batch) * first);
    }
    disposeAll(outputs);
  }
  return results;
}
