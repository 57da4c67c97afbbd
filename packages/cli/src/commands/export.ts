import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { exportModel, networkGraph } from "@dit/backend-ort";
import { type Backend, hostI32, hostTensor, type Model, normal } from "@dit/core";
import { openModel } from "../findModel";
import { openBackend } from "../openBackend";
import { VerificationError } from "../output/exit";
import { writeFlushed } from "../run/atomicWrite";
import { runOnnxFile } from "../runOnnxFile";

export interface ExportCommand {
  readonly model: string;
  /** Folder that gets `onnx/model.onnx` and its data. */
  readonly out: string;
  readonly batchSize: number;
  /** Largest difference from the library's own run that is accepted. */
  readonly tolerance: number;
  readonly verify: boolean;
}

export interface ExportSummary {
  readonly file: string;
  /** Largest difference between the file and the library, or null when it was not checked. */
  readonly maxError: number | null;
}

const [modelFile, dataFile] = ["model.onnx", "model.onnx_data"];

/**
 * `dit export`: writes the network as ONNX, runs the file in a session of plain onnxruntime and compares it with the
 * library's own run of the same weights. Only then does it take the place of an earlier export.
 * @throws VerificationError when they differ by more than the tolerance
 */
export async function exportCommand({
  model: path,
  out,
  batchSize,
  tolerance,
  verify,
}: ExportCommand): Promise<ExportSummary> {
  const model = await openModel(path);
  const onnx = exportModel(model, { batchSize, dataFile });
  const [folder, unfinished] = [join(out, "onnx"), join(out, `.unfinished-onnx-${process.pid}`)];
  mkdirSync(folder, { recursive: true });
  mkdirSync(unfinished);
  try {
    writeFlushed(join(unfinished, dataFile), onnx.data);
    writeFlushed(join(unfinished, modelFile), onnx.model);
    const maxError = verify ? await verified(join(unfinished, modelFile), model, batchSize, tolerance) : null;
    // The data first: a model file without its data would be taken for whole.
    for (const name of [dataFile, modelFile]) renameSync(join(unfinished, name), join(folder, name));
    return { file: join(folder, modelFile), maxError };
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function verified(file: string, model: Model, batchSize: number, tolerance: number): Promise<number> {
  const backend = await openBackend({ kind: "ort", provider: "cpu", threads: null });
  try {
    const maxError = await compare(file, model, batchSize, backend);
    if (maxError <= tolerance) return maxError;
    throw new VerificationError(
      `the exported file differs from the model by ${maxError}, more than ${tolerance}; it was not kept (--no-verify keeps it)`,
    );
  } finally {
    await backend.dispose();
  }
}

/** The largest difference on inputs that reach every timestep range and class. */
async function compare(file: string, model: Model, batchSize: number, backend: Backend): Promise<number> {
  const { dit, diffusion } = model.config;
  const shape = [batchSize, dit.inChannels, ...dit.inputSize];
  const size = shape.reduce((product, n) => product * n, 1);
  const feeds = {
    x: hostTensor("f32", shape, normal({ seed: 0, stream: "export", step: 0, sample: 0 }, size)),
    t: hostTensor(
      "f32",
      [batchSize],
      Float32Array.from({ length: batchSize }, (_, i) => (i * 389 + 37) % diffusion.timesteps),
    ),
    y: hostI32(
      [batchSize],
      Array.from({ length: batchSize }, (_, i) => (i * 7) % dit.numClasses),
    ),
  };
  // One after the other, and the file first, whose memory is free as soon as its session is: a large model is there once.
  const actual = await runOnnxFile(file, feeds);
  const executable = await backend.compile(networkGraph(model, batchSize));
  const outputs = await executable.run({ ...model.weights, ...feeds });
  const expected = (await outputs.output!.read()).data as Float32Array;
  await executable.dispose();
  return expected.reduce((worst, x, i) => Math.max(worst, Math.abs(x - actual[i]!)), 0);
}
