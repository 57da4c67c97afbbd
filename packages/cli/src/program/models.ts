import type { Command } from "@commander-js/extra-typings";
import { exportCommand } from "../commands/export";
import { inspectCommand, inspectionText } from "../commands/inspect";
import { count, real } from "./optionValues";
import { answer, jsonOption } from "./shared";

/** `dit export` */
export function addExport(root: Command): void {
  root
    .command("export <model>")
    .description("write the network as ONNX and check the file in plain onnxruntime")
    .option("--out <folder>", "gets onnx/model.onnx and its data", "exported")
    .option("--batch <n>", "images in a batch of the exported network", count, 1)
    .option("--atol <x>", "largest difference from the model that passes", real, 1e-4)
    .option("--no-verify", "do not run the file, and keep it whatever it computes")
    .addOption(jsonOption())
    .action(async (model, { out, batch, atol, verify, json }) => {
      const summary = await exportCommand({ model, out, batchSize: batch, tolerance: atol, verify });
      const checked =
        summary.maxError === null
          ? "not checked"
          : `largest difference from the model ${summary.maxError.toExponential(1)}`;
      answer(json, summary, `${summary.file}: ${checked}`);
    });
}

/** `dit inspect` */
export function addInspect(root: Command): void {
  root
    .command("inspect <model>")
    .description("say what a model file holds, from its header alone")
    .addOption(jsonOption())
    .action((model, { json }) => {
      const inspection = inspectCommand(model);
      answer(json, inspection, inspectionText(inspection));
    });
}
