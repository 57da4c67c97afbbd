import { type Command, Option } from "@commander-js/extra-typings";
import { type ExportDType, exportFormats, opsetRange } from "@dit/backend-ort";
import { ConfigError, samplerNames } from "@dit/core";
import { type CheckSummary, checkExport } from "../commands/checkExport";
import { type ExportSummary, exportCommand } from "../commands/export";
import { exportKinds } from "../export/exportables";
import { formatValue } from "../output/formatNumber";
import { count, interval, oneOf, opset, real } from "./optionValues";
import { answer, jsonOption, progressFor } from "./shared";

/** `dit export` */
export function addExport(root: Command): void {
  root
    .command("export [model]")
    .description(
      "write a model, a sampler, a train step or a feature network as ONNX, and check it in plain onnxruntime",
    )
    .addOption(
      new Option(
        "--what <kind>",
        "the network, one step of a sampler, a sampling run, an autoencoder's decoder, training, or features to judge images by",
      )
        .choices(exportKinds)
        .default("model" as const),
    )
    .addOption(
      new Option("--dtype <type>", "what its numbers are held in")
        .choices(Object.keys(exportFormats) as ExportDType[])
        .default("f32" as const),
    )
    .option("--opset <n>", `version of ONNX's operators, ${opsetRange.from} to ${opsetRange.to}`, opset, opsetRange.to)
    .option("--dynamic-batch", "one file for every batch size (default, but for train-step)")
    .option("--static", "a fixed batch size: that of --batch, else 1")
    .option("--batch <n>", "the fixed batch size", count)
    .option("--out <folder>", "gets onnx/model.onnx and its data", "exported")
    .option(
      "--sampler <name>",
      "of a sampler: how the noise is removed (default: ddim, or heun2 for a flow)",
      oneOf(samplerNames),
    )
    .option("--steps <n>", "of a sampler: steps to an image", count, 50)
    .option("--cfg <scale>", "of a sampler: the guidance scale to check it with; 1 leaves guidance out", real)
    .option("--guidance-interval <from,to>", "of a sampler: timesteps at which images are guided", interval)
    .addOption(
      new Option("--guide <channels>", "of a sampler: channels that are guided")
        .choices(["all", "3"] as const)
        .default("all" as const),
    )
    .option("--latent-size <n>", "of a vae-decoder: cells to a side of what it decodes", count, 32)
    .option("--no-clip", "of a sampler: let implied images leave [-1, 1], as latents do")
    .option("--atol <x>", "largest difference from the model that passes (default: by dtype, see docs/export.md)", real)
    .option("--no-verify", "do not run the file, and keep it whatever it computes")
    .option("--check <file>", "write nothing: say whether a file that dit export wrote is whole, and runs")
    .addOption(jsonOption())
    .action(async (model, options) => {
      if (options.check !== undefined) {
        const summary = await checkExport(options.check);
        return answer(options.json, summary, checkText(summary));
      }
      if (model === undefined) throw new ConfigError("which model? dit export <model>, or dit export --check <file>");
      const { what, dtype, batch, out, atol, json } = options;
      const sampling = {
        ...(options.sampler === undefined ? {} : { sampler: options.sampler }),
        ...(options.cfg === undefined ? {} : { guidance: options.cfg }),
        steps: options.steps,
        clip: options.clip,
        guidanceChannels: options.guide === "3" ? (3 as const) : ("all" as const),
        guidanceInterval: options.guidanceInterval ?? null,
      };
      const fixed = batch ?? (options.static ? 1 : undefined);
      if (options.dynamicBatch && fixed !== undefined)
        throw new ConfigError("--dynamic-batch leaves the batch size open; leave --static and --batch out");
      const size = options.dynamicBatch ? "dynamic" : fixed;
      const summary = await exportCommand({
        ...{ model, what, dtype, out, sampling, opset: options.opset, verify: options.verify },
        latentSize: options.latentSize,
        ...(size === undefined ? {} : { batch: size }),
        ...(atol === undefined ? {} : { atol }),
        progress: progressFor("export", json),
      });
      answer(json, summary, textOf(summary));
    });
}

function textOf({ file, data, domains, verification }: ExportSummary): string {
  const size = `${(data.bytes / 1e6).toFixed(1)} MB of weights`;
  const needs = domains.length === 0 ? "" : `; needs a runtime that knows ${domains.join(", ")}`;
  if (verification === null) return `${file}: ${size}, not checked${needs}`;
  const { error, passesBy, largest, errorToF32 } = verification;
  const kind = passesBy === "max" ? "largest difference" : "root mean square of the differences";
  const found = `${kind} from the model ${formatValue(error[passesBy])} at values up to ${formatValue(largest)}`;
  const rounding = errorToF32 === null ? "" : `, from its weights in f32 ${formatValue(errorToF32[passesBy])}`;
  return `${file}: ${size}, ${found}${rounding}${needs}`;
}

function checkText({ file, what, dtype, opset, nodes, data, batchSizes }: CheckSummary): string {
  const runs = `runs at batch size ${batchSizes.join(" and ")}`;
  return `${file}: a ${what} in ${dtype}, ${nodes} nodes of operator set ${opset}, ${data.bytes} bytes of weights; whole, ${runs}`;
}
