import { type Command, Option } from "@commander-js/extra-typings";
import { modes } from "@dit/eval-fid";
import { evalCommand, evaluationText } from "../commands/eval";
import { backends } from "../openBackend";
import { count, whole } from "./optionValues";
import { answer, backendOption, jsonOption, progressFor } from "./shared";

/** `dit eval` */
export function addEval(root: Command): void {
  root
    .command("eval <samples>")
    .description("judge images: FID, KID, precision, recall and others against a reference")
    .requiredOption(
      "--ref <reference>",
      "folder of images or .npz parts, .npz, .safetensors or digits:test, as <samples> may be",
    )
    .option("--floor <real>", "real images to hold against the reference too, as many as there are samples")
    .option("--metrics <list>", "such as fid,sfid,is,pr,dc,kid,prd,fidInfinity,perClass (default: all possible)")
    .addOption(
      new Option("--mode <program>", "whose conventions hold where programs differ")
        .choices(modes)
        .default("adm" as const),
    )
    .option(
      "--features <network>",
      "Inception's weights (.pth or .safetensors), an .onnx file, digits or pixels; needed when images are given",
    )
    .option("--k <n>", "neighbours (default: 3 in precision and recall, 5 in density and coverage)", count)
    .addOption(
      new Option("--pr-arithmetic <kind>", "precision and recall exactly, or rounded as ADM's program does")
        .choices(["exact", "adm-float16"] as const)
        .default("exact" as const),
    )
    .option("--bootstrap <n>", "resamples for the interval of FID", whole, 0)
    .option("--seed <n>", "decides subsets, clusterings and resamples", whole, 0)
    .option("--out <folder>", "gets report.json, report.html and the features", "eval")
    .option(
      "--save-stats <file>",
      "statistics of the samples: an .npz (mu, sigma) or .safetensors, a folder of which is a set in parts",
    )
    .option("--compare <report>", "an earlier report.json; exits with 4 when a number has become worse")
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (samples, { ref, metrics, prArithmetic, json, ...options }) => {
      const summary = await evalCommand({
        ...{ samples, reference: ref, mode: options.mode, features: options.features, k: options.k },
        ...{ bootstrap: options.bootstrap, seed: options.seed, out: options.out },
        ...{ saveStats: options.saveStats, compare: options.compare, floor: options.floor },
        backend: backends[options.backend],
        metrics: metrics?.split(",").map((name) => name.trim()) ?? [],
        precisionArithmetic: prArithmetic,
        progress: progressFor("eval", json),
      });
      answer(json, { ...summary.report, comparison: summary.comparison }, evaluationText(summary));
    });
}
