/**
 * Converts a checkpoint in a process of its own and prints the most memory that it ever held:
 * `tsx convert.ts IN OUT`
 */
import { convertCommand } from "../../../cli/src/commands/convert";
import { peakMemory } from "./peakMemory";

const [source, out] = process.argv.slice(2) as [string, string];
await convertCommand({ source, out, dtype: "F32", dit: {} });
process.stdout.write(`${peakMemory()}\n`);
