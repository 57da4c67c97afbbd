import { expect, test } from "vitest";
import { ditBlock, ditBlockSpec } from "../define/dit/block";
import { ditConfig } from "../define/dit/config";
import { layersOf } from "../define/dit/layers";
import { bindParams, paramTypes } from "../define/params";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { constantF32, gelu } from "./create";
import { print } from "./print";
import { inPart, inScope } from "./scope";

test("a small graph", () => {
  const signature = { x: f32([2, 3]), "mlp.weight": f32([4, 3]), unused: f32([]) };
  const graph = trace("small", signature, ({ x, "mlp.weight": weight }) => {
    const y = inScope("mlp", () => x.matmul(weight, { transposeB: true }).add(1));
    const table = constantF32([5], [0.5, 1, 1.5, 2, 2.5]);
    return { y: inPart("activation", () => gelu(y)), x, table: table.slice(0, 1, 3).sum() };
  });
  expect(`\n${print(graph)}\n`).toMatchInlineSnapshot(`
    "
    graph small(x: f32[2, 3], mlp.weight: f32[4, 3], unused: f32[])
      %0 = matmul(x, mlp.weight) {transposeA: false, transposeB: true} : f32[2, 4]  # mlp
      %1 = constant() {1} : f32[]  # mlp
      %2 = add(%0, %1) : f32[2, 4]  # mlp
      %3 = gelu(%2) : f32[2, 4]  # activation
      %4 = constant() {0.5, 1, 1.5, 2, ...} : f32[5]
      %5 = slice(%4) {starts: [1], sizes: [2]} : f32[2]
      %6 = reduceSum(%5) {axes: [0]} : f32[1]
      %7 = reshape(%6) {shape: []} : f32[]
      return y = %3
      return x = x
      return table = %7
    "
  `);
});

test("a DiT block", () => {
  const config = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 16, heads: 2, depth: 1, mlpRatio: 2 });
  const spec = ditBlockSpec(config);
  const signature = { "blocks.0": paramTypes(spec).all, x: f32([2, 16, 16]), c: f32([2, 16]) };
  const graph = trace("block", signature, ({ "blocks.0": params, x, c }) => ({
    y: inScope("blocks.0", () => ditBlock(bindParams(spec, params), x, c, layersOf(config))),
  }));
  expect(`\n${print(graph)}\n`).toMatchInlineSnapshot(`
    "
    graph block(blocks.0.attn.qkv.weight: f32[48, 16], blocks.0.attn.qkv.bias: f32[48], blocks.0.attn.proj.weight: f32[16, 16], blocks.0.attn.proj.bias: f32[16], blocks.0.mlp.fc1.weight: f32[32, 16], blocks.0.mlp.fc1.bias: f32[32], blocks.0.mlp.fc2.weight: f32[16, 32], blocks.0.mlp.fc2.bias: f32[16], blocks.0.adaLN_modulation.1.weight: f32[96, 16], blocks.0.adaLN_modulation.1.bias: f32[96], x: f32[2, 16, 16], c: f32[2, 16])
      %0 = silu(c) : f32[2, 16]  # blocks.0
      %1 = linear(%0, blocks.0.adaLN_modulation.1.weight, blocks.0.adaLN_modulation.1.bias) : f32[2, 96]  # blocks.0.adaLN_modulation.1
      %2 = slice(%1) {starts: [0,32], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %3 = reshape(%2) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %4 = layerNorm(x) {epsilon: 0.000001} : f32[2, 16, 16]  # blocks.0
      %5 = slice(%1) {starts: [0,16], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %6 = reshape(%5) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %7 = constant() {1} : f32[]  # blocks.0
      %8 = add(%6, %7) : f32[2, 1, 16]  # blocks.0
      %9 = mul(%4, %8) : f32[2, 16, 16]  # blocks.0
      %10 = slice(%1) {starts: [0,0], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %11 = reshape(%10) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %12 = add(%9, %11) : f32[2, 16, 16]  # blocks.0
      %13 = slice(blocks.0.attn.qkv.weight) {starts: [0,0], sizes: [16,16]} : f32[16, 16]  # blocks.0.attn.qkv
      %14 = slice(blocks.0.attn.qkv.bias) {starts: [0], sizes: [16]} : f32[16]  # blocks.0.attn.qkv
      %15 = linear(%12, %13, %14) : f32[2, 16, 16]  # blocks.0.attn.qkv
      %16 = slice(blocks.0.attn.qkv.weight) {starts: [16,0], sizes: [16,16]} : f32[16, 16]  # blocks.0.attn.qkv
      %17 = slice(blocks.0.attn.qkv.bias) {starts: [16], sizes: [16]} : f32[16]  # blocks.0.attn.qkv
      %18 = linear(%12, %16, %17) : f32[2, 16, 16]  # blocks.0.attn.qkv
      %19 = slice(blocks.0.attn.qkv.weight) {starts: [32,0], sizes: [16,16]} : f32[16, 16]  # blocks.0.attn.qkv
      %20 = slice(blocks.0.attn.qkv.bias) {starts: [32], sizes: [16]} : f32[16]  # blocks.0.attn.qkv
      %21 = linear(%12, %19, %20) : f32[2, 16, 16]  # blocks.0.attn.qkv
      %22 = attention(%15, %18, %21) {heads: 2} : f32[2, 16, 16]  # blocks.0
      %23 = linear(%22, blocks.0.attn.proj.weight, blocks.0.attn.proj.bias) : f32[2, 16, 16]  # blocks.0.attn.proj
      %24 = mul(%3, %23) : f32[2, 16, 16]  # blocks.0
      %25 = add(x, %24) : f32[2, 16, 16]  # blocks.0
      %26 = slice(%1) {starts: [0,80], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %27 = reshape(%26) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %28 = layerNorm(%25) {epsilon: 0.000001} : f32[2, 16, 16]  # blocks.0
      %29 = slice(%1) {starts: [0,64], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %30 = reshape(%29) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %31 = constant() {1} : f32[]  # blocks.0
      %32 = add(%30, %31) : f32[2, 1, 16]  # blocks.0
      %33 = mul(%28, %32) : f32[2, 16, 16]  # blocks.0
      %34 = slice(%1) {starts: [0,48], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %35 = reshape(%34) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %36 = add(%33, %35) : f32[2, 16, 16]  # blocks.0
      %37 = linear(%36, blocks.0.mlp.fc1.weight, blocks.0.mlp.fc1.bias) : f32[2, 16, 32]  # blocks.0.mlp.fc1
      %38 = gelu(%37) : f32[2, 16, 32]  # blocks.0
      %39 = linear(%38, blocks.0.mlp.fc2.weight, blocks.0.mlp.fc2.bias) : f32[2, 16, 16]  # blocks.0.mlp.fc2
      %40 = mul(%27, %39) : f32[2, 16, 16]  # blocks.0
      %41 = add(%25, %40) : f32[2, 16, 16]  # blocks.0
      return y = %41
    "
  `);
});
