import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { networkGraph, readOutline } from "@dit/backend-ort";
import { hostI32, hostTensor, normal, reference } from "@dit/core";
import { loadModel } from "@dit/core/node";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dit, ditOk, filesUnder, hashesUnder, start, until } from "./command";
import { addModule, install } from "./installation";
import { workFolder } from "./workFolder";

let folder: string;
const run = "runs/run";
const at = (...path: string[]) => join(folder, ...path);
const exported = async (...args: string[]) => JSON.parse(await ditOk(folder, ["export", run, ...args, "--json"]));

beforeAll(async () => {
  folder = workFolder();
  await ditOk(folder, ["train", "--config", "tiny.json"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("dit export", () => {
  it("writes a network that plain onnxruntime runs with the library's numbers, at any batch size", async () => {
    expect(await exported()).toMatchObject({
      what: "model",
      batch: "dynamic",
      domains: [],
      verification: { source: "reference", batchSizes: [1, 3], passesBy: "max" },
    });
    expect(filesUnder(at("exported"))).toEqual(["onnx/model.onnx", "onnx/model.onnx_data"]);
    const model = await loadModel(at(run, "checkpoints/step-000020/ema.safetensors"));
    const x = normal({ seed: 5, stream: "test", step: 0, sample: 0 }, 2 * 3 * 8 * 8);
    const [t, y] = [Float32Array.of(0, 999), Int32Array.of(0, 2)];

    const session = await InferenceSession.create(at("exported/onnx/model.onnx"));
    const { output } = await session.run({
      x: new Tensor("float32", x, [2, 3, 8, 8]),
      t: new Tensor("float32", t, [2]),
      y: new Tensor("int32", y, [2]),
    });
    await session.release();

    const executable = await reference().compile(networkGraph(model, 2));
    const feeds = { x: hostTensor("f32", [2, 3, 8, 8], x), t: hostTensor("f32", [2], t), y: hostI32([2], [...y]) };
    const expected = await (await executable.run({ ...model.weights, ...feeds })).output!.read();
    expect(output!.dims).toEqual(expected.shape);
    const actual = output!.data as Float32Array;
    (expected.data as Float32Array).forEach((value, i) => {
      expect(Math.abs(value - actual[i]!)).toBeLessThan(1e-4);
    });
  });

  it("says in the file what it is, and what of", async () => {
    const { data } = await exported();
    const { metadata } = readOutline(readFileSync(at("exported/onnx/model.onnx")));
    const said = Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, JSON.parse(text)]));
    expect(said).toMatchObject({
      "dit.what": "model",
      "dit.config": { dit: { hiddenSize: 16, numClasses: 2 } },
      "dit.schedule": { kind: "diffusion", schedule: "linear", timesteps: 1000 },
      "dit.classNames": ["dark", "light"],
      "dit.source": expect.stringMatching(/^[0-9a-f]{64}$/),
      "dit.data": data,
      "dit.domains": [],
    });
  });

  it("writes every kind of file, which --check then finds whole", async () => {
    const files = [
      ["onnx/model_fp16.onnx", "--dtype", "f16", "--static"],
      ["onnx/sampler.onnx", "--what", "sampler", "--steps", "3", "--sampler", "ddpm", "--opset", "18"],
      ["onnx/sampler_step.onnx", "--what", "sampler-step", "--steps", "4"],
      ["onnx/train_step.onnx", "--what", "train-step", "--batch", "4"],
    ] as const;
    for (const [file, ...args] of files) {
      const { batch, what } = await exported(...args);
      const checked = JSON.parse(await ditOk(folder, ["export", "--check", `exported/${file}`, "--json"]));
      expect(checked).toMatchObject({ file: `exported/${file}`, batch, what });
    }
  }, 120_000);

  it("writes the decoder of an autoencoder, which a pipeline of diffusers has", async () => {
    const pipeline = fileURLToPath(new URL("../../testkit/fixtures/diffusers-pipeline-tiny", import.meta.url));
    const args = ["--what", "vae-decoder", "--latent-size", "8", "--dtype", "f16", "--json"];
    const { file, domains, verification } = JSON.parse(await ditOk(folder, ["export", pipeline, ...args]));
    expect([file, domains]).toEqual(["exported/onnx/vae_decoder_fp16.onnx", []]);
    expect(verification.error.max).toBeLessThan(verification.tolerance);
    await ditOk(folder, ["export", "--check", file]);
  }, 60_000);

  it("exits with 2 for what no file can be", async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await dit(folder, ["export", run, ...args]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused("--what", "train-step", "--dtype", "q8")).toContain("it can be in f32, f16");
    expect(await refused("--what", "train-step", "--dynamic-batch")).toContain("give it with --batch");
    expect(await refused("--dynamic-batch", "--batch", "2")).toContain("leave --static and --batch out");
    expect(await refused("--opset", "12")).toContain("from 18 to 23");
  }, 60_000);

  it("exits with 4 when the file computes something else, and keeps the earlier export", async () => {
    const { command, modules } = install();
    addModule(modules, "onnxruntime-node", forgetfulRuntime);
    await ditOk(folder, ["export", run, "--out", "safe"]);
    const before = hashesUnder(at("safe"));
    const { code, stdout, stderr } = await dit(folder, ["export", run, "--out", "safe"], { command });
    expect(stderr).toMatch(/^error: the exported file differs from the model by [\d.e-]+, more than [\d.]+; [^\n]+\n$/);
    expect([code, stdout]).toEqual([4, ""]);
    expect(hashesUnder(at("safe"))).toEqual(before);
    await ditOk(folder, ["export", run, "--out", "safe", "--no-verify"], { command });
  });

  // Windows has no signals that a process could catch.
  it.skipIf(process.platform === "win32")("leaves nothing after SIGINT, and clears away what a kill left", async () => {
    const long = ["export", run, "--what", "sampler", "--steps", "1000", "--out", "stopped"];
    const begun = () => (existsSync(at("stopped")) ? readdirSync(at("stopped")).filter((name) => name !== "onnx") : []);
    const killed = start(folder, long);
    await until(() => begun().length > 0, killed.outcome);
    killed.child.kill("SIGKILL");
    await killed.outcome;
    const [left] = begun();
    const { child, outcome } = start(folder, long);
    await until(() => begun().some((name) => name !== left), outcome);
    child.kill("SIGINT");
    const { code, stderr } = await outcome;
    expect([code, stderr.trim().split("\n").at(-1)]).toEqual([130, "stopped; nothing was exported"]);
    expect(filesUnder(at("stopped"))).toEqual([]);
    expect(begun()).toEqual([]);
  });

  /** An onnxruntime on a disk that loses the data file between writing and reading. */
  const forgetfulRuntime = `
    import { statSync, writeFileSync } from "node:fs";
    import real from ${JSON.stringify(pathToFileURL(createRequire(import.meta.url).resolve("onnxruntime-node")))};
    export const { Tensor } = real;
    export const InferenceSession = {
      create(model, options) {
        const data = model + "_data";
        if (typeof model === "string") writeFileSync(data, new Uint8Array(statSync(data).size));
        return real.InferenceSession.create(model, options);
      },
    };
  `;
});

describe("dit export --check", () => {
  const check = async (file: string) => {
    const { code, stderr } = await dit(folder, ["export", "--check", file]);
    return { code, stderr };
  };
  const data = () => at("exported/onnx/model.onnx_data");

  it("exits with 4 for data that was changed, cut or lost", async () => {
    await exported();
    copyFileSync(data(), at("kept"));
    const bytes = readFileSync(data());
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(data(), bytes);
    expect(await check("exported/onnx/model.onnx")).toEqual({
      code: 4,
      stderr: expect.stringContaining("its SHA-256"),
    });
    truncateSync(data(), bytes.length - 1);
    expect(await check("exported/onnx/model.onnx")).toEqual({
      code: 4,
      stderr: expect.stringContaining("was written with"),
    });
    rmSync(data());
    expect(await check("exported/onnx/model.onnx")).toEqual({ code: 4, stderr: expect.stringContaining("is missing") });
    copyFileSync(at("kept"), data());
  });

  it("exits with 2 for a file that is no export", async () => {
    expect((await check("tiny.json")).code).toBe(2);
    expect((await check("nothing.onnx")).stderr).toContain("there is no file nothing.onnx");
  });
});
