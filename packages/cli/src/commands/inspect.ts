import { statSync } from "node:fs";
import { countParams, ditSpec, FormatError, type ModelConfig, multiplyAdds } from "@dit/core";
import { openSafetensors } from "@dit/core/node";
import { findModelFile } from "../findModel";

/** One tensor of a file. */
export interface InspectedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface Inspection {
  readonly file: string;
  readonly bytes: number;
  readonly tensors: readonly InspectedTensor[];
  /** Values in all tensors together. */
  readonly values: number;
  /** What the file says of itself. */
  readonly config: ModelConfig | null;
  readonly parameters: number | null;
  /** Of one forward pass of one sample. */
  readonly multiplyAdds: number | null;
}

/** `dit inspect`: what a model file holds, read from its header alone. */
export function inspectCommand(path: string): Inspection {
  const file = findModelFile(path);
  const { metadata, tensors: entries } = openSafetensors(file);
  const tensors = [...entries].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const config = configIn(file, metadata["dit.config"]);
  return {
    file,
    bytes: statSync(file).size,
    tensors,
    values: tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0),
    config,
    parameters: config === null ? null : countParams(ditSpec(config.dit)),
    multiplyAdds: config === null ? null : multiplyAdds(config.dit),
  };
}

function configIn(file: string, text: string | undefined): ModelConfig | null {
  try {
    return text === undefined ? null : (JSON.parse(text) as ModelConfig);
  } catch (cause) {
    throw new FormatError(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/** An inspection for people. */
export function inspectionText({ file, bytes, tensors, values, config, multiplyAdds: flops }: Inspection): string {
  const count = (n: number) => n.toLocaleString("en");
  const width = Math.max(...tensors.map(({ name }) => name.length));
  const rows = tensors.map(
    ({ name, dtype, shape }) => `  ${name.padEnd(width)}  ${dtype.padEnd(4)}  [${shape.join(", ")}]`,
  );
  const about =
    config === null
      ? ["  no configuration inside"]
      : [
          `  DiT: ${config.dit.depth} ${config.dit.depth === 1 ? "block" : "blocks"} of width ${config.dit.hiddenSize}, ${config.dit.heads} heads, patch ${config.dit.patchSize}`,
          `  input ${config.dit.inChannels}x${config.dit.inputSize.join("x")}, ${config.dit.numClasses} classes, predicts ${config.diffusion.prediction}`,
          `  ${count(flops!)} multiply-adds per forward pass of one sample`,
        ];
  return [`${file}: ${count(bytes)} bytes, ${tensors.length} tensors, ${count(values)} values`, ...about, ...rows].join(
    "\n",
  );
}
