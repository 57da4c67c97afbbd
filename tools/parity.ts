import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { OrtProvider } from "@dit/backend-ort";
import type { TfjsDevice } from "@dit/backend-tfjs";
import { type Backend, reference } from "@dit/core";
import { exitCodeOf, kinds, outcomeText, parityJson, runParity, summaryText } from "@dit/testkit";

// npm run parity -- DIR [--backend reference|ort|tfjs] [--device D] [--only KIND] [--json]
// Checks this project against the values that the original implementations computed, which lie in DIR.

const usage = "usage: npm run parity -- DIR [--backend reference|ort|tfjs] [--device D] [--only KIND] [--json]";

function fail(problem: string): never {
  console.error(`${problem}\n${usage}`);
  process.exit(2);
}

function parse() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        backend: { type: "string", default: "reference" },
        device: { type: "string" },
        only: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    return { ...values, positionals };
  } catch (error) {
    return fail((error as Error).message);
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

async function openBackend(name: string): Promise<Backend> {
  switch (name) {
    case "reference":
      if (device !== undefined) fail("the reference runs on no device: leave --device out");
      return reference();
    case "ort": {
      const { ort } = await import("@dit/backend-ort");
      return ort({ provider: (device ?? "cpu") as OrtProvider });
    }
    case "tfjs": {
      const { tfjs } = await import("@dit/backend-tfjs");
      return tfjs(device === undefined ? {} : { device: device as TfjsDevice });
    }
    default:
      return fail(`there is no backend ${name}`);
  }
}

const { backend: backendName, device, only, json, positionals } = parse();
if (positionals.length !== 1) fail(positionals.length === 0 ? "DIR is missing" : "give one DIR");
// npm runs scripts in the root of the project, whatever folder it was called from.
// biome-ignore lint/suspicious/noUndeclaredEnvVars: no task of turbo runs this
const folder = [process.env.INIT_CWD ?? ".", "."].map((from) => resolve(from, positionals[0]!)).find(isFolder);
if (folder === undefined) fail(`${positionals[0]} is no folder`);
if (only !== undefined && !(only in kinds)) {
  fail(`there is no check of kind ${only} (kinds: ${Object.keys(kinds).join(", ")})`);
}

const backend = await openBackend(backendName);
const hasColour = process.stdout.isTTY === true;
const outcomes = await runParity(folder, backend, {
  ...(only === undefined ? {} : { only }),
  onOutcome: (outcome) => {
    if (!json && outcome.verdict !== "unknown kind") console.log(`${outcomeText(outcome, hasColour)}\n`);
  },
});
await backend.dispose();
if (outcomes.length === 0) fail(`${folder} holds no fixture${only === undefined ? "" : ` of kind ${only}`}`);
console.log(json ? parityJson(folder, backend.name, outcomes) : summaryText(outcomes, backend.name, hasColour));
process.exitCode = exitCodeOf(outcomes);
