import { DitError, f32, hostF32, hostI32, i32, trace } from "@dit/core";
import { inScope } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { ort } from "./backend";
import { runtimeError } from "./runtimeError";

describe("a failure of onnxruntime", () => {
  test("leads back to the model path of what failed", async () => {
    const backend = await ort();
    const graph = trace("labels", { table: f32([3, 2]), y: i32([1]) }, ({ table, y }) => ({
      row: inScope("y_embedder", () => table.gather(y)),
    }));
    const executable = await backend.compile(graph);
    const run = executable.run({ table: hostF32([3, 2], [1, 2, 3, 4, 5, 6]), y: hostI32([1], [9]) });
    await expect(run).rejects.toThrow(DitError);
    await expect(run).rejects.toThrow(
      /^onnxruntime failed in labels, y_embedder: Gather: indices element out of data bounds, idx=9/,
    );
    await backend.dispose();
  });

  const gelu = "Non-zero status code returned while running Gelu node. Name:'blocks.3.mlp/Gelu_70' Status Message: ";
  test.each([
    [
      new Error(`${gelu}Failed to allocate memory for requested buffer of size 4294967296`),
      "onnxruntime failed in forward, blocks.3.mlp: Gelu: Failed to allocate memory for requested buffer of size 4294967296" +
        " (there is not enough memory: take a smaller batch, or train with checkpoint)",
    ],
    [
      new Error(`${gelu}blocks.3.mlp/Gelu_70: left operand\n cannot broadcast`),
      "onnxruntime failed in forward, blocks.3.mlp: Gelu: left operand cannot broadcast",
    ],
    [
      2147484,
      "onnxruntime failed in forward: error number 2147484 (most often memory: take a smaller batch; WebAssembly ends at 4 GB)",
    ],
  ])("says what to do", (cause, message) => {
    expect(runtimeError("failed in", "forward", cause).message).toBe(message);
  });
});
