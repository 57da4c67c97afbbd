import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diffusionDefaults, ditConfig, ditSpec, initialize } from "@dit/core";
import { modelPieces, modelToFolder, type StoredFloat, storedFloats } from "@dit/core/internal";
import { loadModel } from "@dit/core/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// What is written opens in Python, and what Python writes opens here.

const interpreter = process.env.PYTHON ?? "python3";
const python = (...lines: string[]) => spawnSync(interpreter, ["-c", lines.join("\n")], { encoding: "utf8" });
const hasTorch = python("import torch, safetensors.torch").status === 0;
const why = hasTorch ? "" : ` (skipped: ${interpreter} has no torch and safetensors; PYTHON names another)`;

describe.skipIf(!hasTorch)(`PyTorch and safetensors${why}`, () => {
  const dit = ditConfig(undefined, { inputSize: [4, 4], hiddenSize: 16, depth: 2, heads: 2, numClasses: 3 });
  const model = { config: { dit, diffusion: diffusionDefaults }, weights: initialize(ditSpec(dit), 1) };
  const folder = mkdtempSync(join(tmpdir(), "python-"));
  const at = (name: string) => JSON.stringify(join(folder, name));
  const write = (name: string, pieces: Iterable<Uint8Array>) =>
    writeFileSync(join(folder, name), Buffer.concat([...pieces]));
  const run = (...lines: string[]) => {
    const { status, stderr, stdout } = python("import torch, argparse, safetensors.torch as st", ...lines);
    expect(stderr.trim().split("\n").at(-1)).toBe("");
    expect(status).toBe(0);
    return stdout.trim();
  };

  beforeAll(() => {
    for (const dtype of storedFloats) write(`${dtype}.safetensors`, modelPieces(model, dtype));
    mkdirSync(join(folder, "diffusers"));
    for (const [name, pieces] of Object.entries(modelToFolder(model))) write(join("diffusers", name), pieces);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["F32", "float32", "True"],
    ["F16", "float16", "False"],
    ["BF16", "bfloat16", "False"],
  ] as const)("a file of %s goes through both containers and back without a change", async (dtype, torch, zip) => {
    run(
      `state = st.load_file(${at(`${dtype}.safetensors`)})`,
      `assert all(x.dtype == torch.${torch} for x in state.values())`,
      `torch.save({"model": state, "ema": state, "opt": {}, "args": argparse.Namespace(model="DiT")}, ${at(`${dtype}.pt`)}, _use_new_zipfile_serialization=${zip})`,
    );
    const [written, returned] = await Promise.all([load(`${dtype}.safetensors`), load(`${dtype}.pt`)]);
    expect(returned.config).toEqual(model.config);
    expect(Object.keys(returned.weights).sort()).toEqual(Object.keys(model.weights).sort());
    for (const [name, { data }] of Object.entries(written.weights)) expect(returned.weights[name]!.data).toEqual(data);
    if (dtype === "F32") {
      for (const [name, { data }] of Object.entries(model.weights)) expect(returned.weights[name]!.data).toEqual(data);
    }
  });

  test("rounding to f16 and bf16 is PyTorch's", () => {
    const rounded = (dtype: StoredFloat, torch: string) =>
      run(
        `exact, rounded = st.load_file(${at("F32.safetensors")}), st.load_file(${at(`${dtype}.safetensors`)})`,
        `print(all(torch.equal(x.to(torch.${torch}), rounded[name]) for name, x in exact.items()))`,
      );
    expect([rounded("F16", "float16"), rounded("BF16", "bfloat16")]).toEqual(["True", "True"]);
  });

  test("a folder for diffusers holds the same values under its names", () => {
    const seen = run(
      `a, b = st.load_file(${at("F32.safetensors")}), st.load_file(${at("diffusers/diffusion_pytorch_model.safetensors")})`,
      'qkv = torch.cat([b[f"transformer_blocks.1.attn1.to_{x}.weight"] for x in "qkv"])',
      'print(torch.equal(qkv, a["blocks.1.attn.qkv.weight"]), torch.equal(b["proj_out_2.bias"], a["final_layer.linear.bias"]), len(b))',
    );
    expect(seen).toBe("True True 44");
  });

  function load(name: string) {
    return loadModel(join(folder, name), { dit: { heads: dit.heads } });
  }
});
