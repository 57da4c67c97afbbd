import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dit, ditOk, filesUnder, hashesUnder, start, until } from "./command";
import { workFolder } from "./workFolder";

let folder: string;
const settings = [
  ...["train-vae", "folder:data", "--image-size", "8", "--widths", "4,8", "--latent-channels", "2"],
  ...["--steps", "150", "--batch-size", "4", "--checkpoint-every", "10", "--picture-every", "75"],
];

beforeAll(async () => {
  folder = workFolder();
  await ditOk(folder, [...settings, "--name", "whole"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The names of a run's checkpoints: of whole ones, and of those being written or removed. */
function checkpoints(run: string): string[] {
  const path = join(folder, "runs", run, "checkpoints");
  return existsSync(path) ? readdirSync(path) : [];
}

const isUnfinished = (name: string) => name.startsWith(".unfinished");

/** What a run leaves but for what tells the time: weights, pictures and numbers. */
function timeless(run: string) {
  const path = join(folder, "runs", run);
  const hashes = Object.entries(hashesUnder(path)).filter(([name]) => /\.safetensors$|\.png$|^vae\//.test(name));
  const lines = readFileSync(join(path, "metrics.jsonl"), "utf8").trim().split("\n");
  const numbers = lines.map((line) => {
    const { seconds: _, imagesPerSecond: __, ...rest } = JSON.parse(line);
    return rest;
  });
  return { hashes: Object.fromEntries(hashes), numbers };
}

it("an autoencoder's run killed with SIGKILL goes on, as often as it is killed, as if nothing had happened", async () => {
  const moments = [
    () => checkpoints("killed").some(isUnfinished),
    () => checkpoints("killed").some((name) => name >= "step-000040"),
    () => checkpoints("killed").some((name) => isUnfinished(name) && name > ".unfinished-step-000080"),
  ];
  for (const [i, isNow] of moments.entries()) {
    const args = i === 0 ? [...settings, "--name", "killed"] : ["train-vae", "--resume", "runs/killed"];
    const { child, outcome } = start(folder, args);
    await until(isNow, outcome, `moment ${i}`);
    child.kill("SIGKILL");
    expect((await outcome).code).toBe("SIGKILL");
  }
  await ditOk(folder, ["train-vae", "--resume", "runs/killed"]);
  expect(timeless("killed")).toEqual(timeless("whole"));
  expect(filesUnder(join(folder, "runs/killed")).filter((name) => /\.tmp$|\.unfinished/.test(name))).toEqual([]);
});

it("an autoencoder's run and a DiT's are told apart", async () => {
  const { code, stderr } = await dit(folder, ["train", "--resume", "runs/whole"]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: [^\n]*dit train-vae --resume runs.whole\n$/)]);
});

it.each([
  ["images that cannot be halved so often", ["--widths", "4,4,4,4,4"], "images of 8x8 cannot be halved 4 times"],
  ["a rate that a run could not be continued with", ["--learning-rate", "0"], "train.learningRate is 0: expected "],
])("refuses %s before it makes a run, so that the name stays free", async (_, flags, message) => {
  const { code, stdout, stderr } = await dit(folder, [...settings, "--name", "refused", ...flags]);
  expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(`error: ${message}`)]);
  expect(existsSync(join(folder, "runs", "refused"))).toBe(false);
});
