import { f32, gelu, hostF32, layerNorm, linear, normal, softmax, trace, valueAndGrad } from "@dit/core";
// Its core, with the gradients, which a program that only runs graphs does not load.
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { tfjs } from "./backend";

const [tokens, width, hidden] = [4, 6, 8];
const shapes = { x: [2, tokens, width], w: [hidden, width], b: [hidden], v: [width, hidden], c: [width] };
const names = Object.keys(shapes) as (keyof typeof shapes)[];
const random = (name: keyof typeof shapes) =>
  hostF32(
    shapes[name],
    normal(
      { seed: 0, stream: name, step: 0, sample: 0 },
      shapes[name].reduce((a, b) => a * b),
    ),
  );

/** Attention of tokens on themselves and an MLP, by this project's functions and its own reverse mode. */
const ours = trace(
  "loss and gradients",
  { x: f32(shapes.x), w: f32(shapes.w), b: f32(shapes.b), v: f32(shapes.v), c: f32(shapes.c) },
  (inputs) => {
    const { value, gradients } = valueAndGrad(({ x, w, b, v, c }) => {
      const normed = layerNorm(x!);
      const mixed = softmax(normed.matmul(normed, { transposeB: true })).matmul(x!);
      const out = linear({ weight: v!, bias: c! }, gelu(linear({ weight: w!, bias: b! }, mixed)));
      return { loss: out.sub(x!).square().mean() };
    }, inputs);
    return { ...value, ...gradients };
  },
);

/** The same, written again in plain tfjs and differentiated by it. */
function theirs(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor, v: tf.Tensor, c: tf.Tensor): tf.Scalar {
  const { mean, variance } = tf.moments(x, -1, true);
  const normed = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-6)));
  const mixed = tf.matMul(tf.softmax(tf.matMul(normed, normed, false, true)), x);
  const rows = tf.reshape(mixed, [-1, width]);
  const up = tf.add(tf.matMul(rows, w as tf.Tensor2D, false, true), b);
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(up, tf.mul(0.044715, tf.pow(up, 3))));
  const activated = tf.mul(tf.mul(0.5, up), tf.add(1, tf.tanh(inner)));
  const out = tf.add(tf.matMul(activated, v as tf.Tensor2D, false, true), c);
  return tf.mean(tf.square(tf.sub(tf.reshape(out, x.shape), x)));
}

test.each(["cpu", "wasm"] as const)("our gradients on %s are those of tf.grads", async (device) => {
  const backend = await tfjs({ device });
  const executable = await backend.compile(ours);
  const outputs = await executable.run(Object.fromEntries(names.map((name) => [name, random(name)])));

  await tf.setBackend("cpu");
  const inputs = names.map((name) => tf.tensor(random(name).data, shapes[name]));
  const { value, grads } = tf.valueAndGrads(theirs as (...xs: tf.Tensor[]) => tf.Scalar)(inputs);
  expect((await outputs.loss!.read()).data[0]! / value.dataSync()[0]!).toBeCloseTo(1, 6);
  for (const [i, name] of names.entries()) {
    const expected = await grads[i]!.data();
    const { data } = await outputs[name]!.read();
    const scale = Math.max(...expected.map(Math.abs));
    const error = Math.max(...expected.map((g, j) => Math.abs(g - data[j]!)));
    expect(error / scale, `gradient of ${name}`).toBeLessThan(1e-5);
  }
  await executable.dispose();
  await backend.dispose();
});
