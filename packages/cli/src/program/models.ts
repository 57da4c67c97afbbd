import { type Command, Option } from "@commander-js/extra-typings";
import { type StoredFloat, weightParts } from "@dit/core/internal";
import { convertCommand } from "../commands/convert";
import { inspectCommand, inspectionText } from "../commands/inspect";
import { count } from "./optionValues";
import { answer, jsonOption } from "./shared";

/** `dit convert` */
export function addConvert(root: Command): void {
  root
    .command("convert <model> <out>")
    .description(
      "write any model that can be read as <out>.safetensors with official names, or as a folder for diffusers",
    )
    .addOption(
      new Option("--weights <part>", "of a training checkpoint (default: ema where it is there)").choices(weightParts),
    )
    .addOption(
      new Option("--dtype <type>", "what the weights are stored as")
        .choices(["f32", "f16", "bf16"] as const)
        .default("f32" as const),
    )
    .option("--heads <n>", "attention heads, which bare weights do not tell", count)
    .addOption(jsonOption())
    .action(async (model, out, { weights, dtype, heads, json }) => {
      const summary = await convertCommand({
        source: model,
        out,
        ...(weights === undefined ? {} : { weights }),
        dtype: dtype.toUpperCase() as StoredFloat,
        dit: heads === undefined ? {} : { heads },
      });
      answer(json, summary, `${summary.out}: ${summary.note ?? `${summary.layout} names and function`}`);
    });
}

/** `dit inspect` */
export function addInspect(root: Command): void {
  root
    .command("inspect <model>")
    .description("say what a model file holds, and which model it looks like, without loading its weights")
    .addOption(jsonOption())
    .action(async (model, { json }) => {
      const inspection = await inspectCommand(model);
      answer(json, inspection, inspectionText(inspection));
    });
}
