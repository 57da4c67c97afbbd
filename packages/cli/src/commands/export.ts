import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Backend, hostI32, hostTensor, type Model, normal } from "@dit/core";
import { exportModel, networkGraph } from "@dit/backend-ort";
import { openModel } from "../findModel";
import { openBackend } from "../openBackend";
import { VerificationError } from "../output/exit";
import { atomicWrite } from "../run/atomicWrite";
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

/**
 * `dit export`: writes the network as ONNX, then runs the file in a session of plain onnxruntime and compares it with the
 * library's own run of the same weights.
 * @throws VerificationError when they differ by more than the tolerance
 */
export async function exportCommand({ model: path, out, batchSize, tolerance, verify }: ExportCommand): Promise<ExportSummary> {
  const model = await openModel(path);
  const folder = join(out, "onnx");
  const [file, dataFile] = [join(folder, "model.onnx"), "model.onnx_data"];
  mkdirSync(folder, { recursive: true });
  const onnx = exportModel(model, { batchSize, dataFile });
  // The data first: a model file without its data would be taken for whole.
  const handle = openSync(join(folder, dataFile), "w");
  for (const piece of onnx.data) writeSync(handle, piece);
  closeSync(handle);
  atomicWrite(file, onnx.model);
  if (!verify) return { file, maxError: null };
  const backend = await openBackend({ kind: "ort", provider: "cpu", threads: null });
  try {
    const maxError = await compare(file, model, batchSize, backend);
    if (!(maxError <= tolerance)) {
      throw new VerificationError(`${file} differs from the model by ${maxError}, more than ${tolerance}`);
    }
    return { file, maxError };
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
    t: hostTensor("f32", [batchSize], Float32Array.from({ length: batchSize }, (_, i) => (i * 389 + 37) % diffusion.timesteps)),
    y: hostI32([batchSize], Array.from({ length: batchSize }, (_, i) => (i * 7) % dit.numClasses)),
  };
  const executable = await backend.compile(networkGraph(model, batchSize));
  const outputs = await executable.run({ ...model.weights, ...feeds });
  const expected = (await outputs.output!.read()).data as Float32Array;
  const actual = await runOnnxFile(file, feeds);
  return expected.reduce((worst, x, i) => Math.max(worst, Math.abs(x - actual[i]!)), 0);
}
