import { z } from "zod";

/** What computes. Swapping it changes nothing else in a configuration. */
export const backendConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ort").describe("onnxruntime"),
    provider: z.enum(["cpu", "cuda", "webgpu"]).default("cpu").describe("What runs it; dit doctor says what works"),
    threads: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe("Threads of one operation; null leaves it to onnxruntime"),
  }),
  z.strictObject({
    kind: z.literal("tfjs").describe("TensorFlow.js"),
    device: z
      .enum(["cpu", "wasm", "webgpu"])
      .default("wasm")
      .describe("Where TensorFlow.js computes; webgpu wants a GPU and the package webgpu, cpu is slow"),
    precision: z.literal("f32").default("f32").meta({
      allowed: '"f32": TensorFlow.js has no half precision; backend.kind "ort" has it, on cuda and webgpu',
      description: "What numbers are held in",
    }),
  }),
  z.strictObject({ kind: z.literal("reference").describe("The float64 oracle: slow, exact, for checking") }),
]);
