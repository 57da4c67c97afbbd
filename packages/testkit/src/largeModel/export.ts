/**
 * Exports a model in a process of its own and prints the most memory that it ever held, and what the command said:
 * `tsx export.ts '{"model": "XL.safetensors", "dtype": "f32", "out": "exported", "verify": false}'`
 */
import { opsetRange } from "../../../backend-ort/src/lower/portable";
import { type ExportCommand, type ExportSummary, exportCommand } from "../../../cli/src/commands/export";
import { peakMemory } from "./peakMemory";

export type ExportRequest = Pick<ExportCommand, "model" | "dtype" | "out" | "verify">;

export interface ExportReport extends ExportSummary {
  readonly peakBytes: number;
  readonly seconds: number;
}

const request = JSON.parse(process.argv[2]!) as ExportRequest;
const started = performance.now();
const summary = await exportCommand({ ...request, what: "model", opset: opsetRange.to, sampling: {}, latentSize: 32 });
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ ...summary, seconds, peakBytes: peakMemory() } satisfies ExportReport)}\n`);
