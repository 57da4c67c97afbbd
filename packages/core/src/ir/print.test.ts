import { expect, test } from "vitest";
import { ditBlock, ditBlockSpec } from "../define/dit/block";
import { ditConfig } from "../define/dit/config";
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
    y: inScope("blocks.0", () => ditBlock(bindParams(spec, params), x, c, config)),
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
      %13 = linear(%12, blocks.0.attn.qkv.weight, blocks.0.attn.qkv.bias) : f32[2, 16, 48]  # blocks.0.attn.qkv
      %14 = slice(%13) {starts: [0,0,0], sizes: [2,16,16]} : f32[2, 16, 16]  # blocks.0
      %15 = slice(%13) {starts: [0,0,16], sizes: [2,16,16]} : f32[2, 16, 16]  # blocks.0
      %16 = slice(%13) {starts: [0,0,32], sizes: [2,16,16]} : f32[2, 16, 16]  # blocks.0
      %17 = attention(%14, %15, %16) {heads: 2} : f32[2, 16, 16]  # blocks.0
      %18 = linear(%17, blocks.0.attn.proj.weight, blocks.0.attn.proj.bias) : f32[2, 16, 16]  # blocks.0.attn.proj
      %19 = mul(%3, %18) : f32[2, 16, 16]  # blocks.0
      %20 = add(x, %19) : f32[2, 16, 16]  # blocks.0
      %21 = slice(%1) {starts: [0,80], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %22 = reshape(%21) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %23 = layerNorm(%20) {epsilon: 0.000001} : f32[2, 16, 16]  # blocks.0
      %24 = slice(%1) {starts: [0,64], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %25 = reshape(%24) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %26 = constant() {1} : f32[]  # blocks.0
      %27 = add(%25, %26) : f32[2, 1, 16]  # blocks.0
      %28 = mul(%23, %27) : f32[2, 16, 16]  # blocks.0
      %29 = slice(%1) {starts: [0,48], sizes: [2,16]} : f32[2, 16]  # blocks.0
      %30 = reshape(%29) {shape: [2,1,16]} : f32[2, 1, 16]  # blocks.0
      %31 = add(%28, %30) : f32[2, 16, 16]  # blocks.0
      %32 = linear(%31, blocks.0.mlp.fc1.weight, blocks.0.mlp.fc1.bias) : f32[2, 16, 32]  # blocks.0.mlp.fc1
      %33 = gelu(%32) : f32[2, 16, 32]  # blocks.0
      %34 = linear(%33, blocks.0.mlp.fc2.weight, blocks.0.mlp.fc2.bias) : f32[2, 16, 16]  # blocks.0.mlp.fc2
      %35 = mul(%22, %34) : f32[2, 16, 16]  # blocks.0
      %36 = add(%20, %35) : f32[2, 16, 16]  # blocks.0
      return y = %36
    "
  `);
});
