import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ditConfig, ditSpec, hostF32 } from "@dit/core";
import { paramsOf } from "@dit/core/internal";
import { loadModel } from "@dit/core/node";
import { afterAll, expect, test } from "vitest";
import { type Pickled, pickledTensor, torchLegacyPieces } from "../../../core/src/host/torch/torchBytes";
import { formulaParameter } from "../formula";

const script = fileURLToPath(new URL("./convert.ts", import.meta.url));
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "convert-"));
afterAll(() => rmSync(temporary, { recursive: true }));

test("an official checkpoint of DiT-XL/2 becomes safetensors and a folder of diffusers in 1.5 GB", async () => {
  const params = Object.entries(paramsOf(ditSpec(ditConfig("DiT-XL/2"))));
  const tensorOf = ([name, { shape, init }]: (typeof params)[number]) =>
    init.kind === "fixed" ? hostF32(shape, init.values()) : formulaParameter(name, shape);
  const source = join(temporary, "DiT-XL-2-256x256.pt");
  const file = openSync(source, "wx");
  const state = new Map<string, Pickled>(params.map(([name, { shape }]) => [name, pickledTensor(name, shape)]));
  const storages = params.map((param) => [param[0], () => tensorOf(param).data] as const);
  for (const piece of torchLegacyPieces(state, storages)) writeSync(file, piece);
  closeSync(file);

  for (const name of ["official.safetensors", "for-diffusers"]) {
    const out = join(temporary, name);
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", script, source, out], {
      cwd: root,
    });
    console.log(name, stdout.trim());
    expect(Number(stdout)).toBeLessThan(1.5e9);
    const { weights } = await loadModel(out);
    for (const param of params.filter(([name]) => /pos_embed|y_embedder|blocks\.(0|27)\.attn\.qkv/.test(name))) {
      expect(Buffer.from(weights[param[0]]!.data.buffer).equals(Buffer.from(tensorOf(param).data.buffer))).toBe(true);
    }
    rmSync(out, { recursive: true });
  }
});
