import type { DiTConfig } from "@dit/core";
import * as tf from "@tensorflow/tfjs";

/**
 * A DiT as one writes it by hand in plain TensorFlow.js, with its autograd and its Adam: what the backend of this project is
 * measured against. Same network (arXiv 2212.09748, section 3.2), weights [in, out] as tfjs likes them, fused products.
 */
export class PlainTfjsDit {
  private readonly variables = new Map<string, tf.Variable>();
  private readonly optimizer = tf.train.adam(1e-4);

  constructor(private readonly config: DiTConfig) {}

  /** x: [N, C, I, J], t: [N], y: [N] -> [N, C, I, J] */
  forward(x: tf.Tensor4D, t: tf.Tensor1D, y: tf.Tensor1D): tf.Tensor4D {
    return tf.tidy(() => {
      const { hiddenSize: d, depth, patchSize: p, inChannels: c, inputSize } = this.config;
      const [rows, columns] = [inputSize[0]! / p, inputSize[1]! / p];
      const n = x.shape[0];
      const patches = tf.reshape(tf.transpose(tf.reshape(x, [n, c, rows, p, columns, p]), [0, 2, 4, 1, 3, 5]), [
        n,
        rows * columns,
        c * p * p,
      ]);
      let tokens: tf.Tensor = tf.add(this.linear("x", patches, d), this.variable("pos", [1, rows * columns, d]));
      const condition = tf.add(this.timestep(t, d), this.label(y, d));
      for (let i = 0; i < depth; i++) tokens = this.block(`blocks.${i}`, tokens as tf.Tensor3D, condition);
      const [shift, scale] = tf.split(this.linear("final.modulation", silu(condition), 2 * d), 2, 1) as tf.Tensor[];
      const out = this.linear("final", modulate(tokens, shift!, scale!), p * p * c);
      const image = tf.transpose(tf.reshape(out, [n, rows, columns, p, p, c]), [0, 5, 1, 3, 2, 4]);
      return tf.reshape(image, x.shape) as tf.Tensor4D;
    });
  }

  /** One optimiser step on the squared error of the predicted noise. */
  trainStep(x: tf.Tensor4D, noise: tf.Tensor4D, t: tf.Tensor1D, y: tf.Tensor1D): tf.Scalar {
    const loss = () => tf.mean(tf.square(tf.sub(noise, this.forward(x, t, y)))) as tf.Scalar;
    return this.optimizer.minimize(loss, true, [...this.variables.values()])!;
  }

  private block(name: string, x: tf.Tensor3D, condition: tf.Tensor): tf.Tensor {
    const d = this.config.hiddenSize;
    const parts = tf.split(this.linear(`${name}.modulation`, silu(condition), 6 * d), 6, 1) as tf.Tensor[];
    const [shiftA, scaleA, gateA, shiftM, scaleM, gateM] = parts as [tf.Tensor, ...tf.Tensor[]];
    const attended = this.attention(name, modulate(x, shiftA, scaleA!));
    const y = tf.add(x, tf.mul(tf.expandDims(gateA!, 1), attended));
    const up = gelu(this.linear(`${name}.fc1`, modulate(y, shiftM!, scaleM!), 4 * d));
    return tf.add(y, tf.mul(tf.expandDims(gateM!, 1), this.linear(`${name}.fc2`, up, d)));
  }

  private attention(name: string, x: tf.Tensor): tf.Tensor {
    const { hiddenSize: d, heads } = this.config;
    const [n, tokens] = x.shape as [number, number];
    const qkv = tf.reshape(this.linear(`${name}.qkv`, x, 3 * d), [n, tokens, 3, heads, d / heads]);
    const [q, k, v] = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4])) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const scores = tf.mul(tf.matMul(q, k, false, true), (d / heads) ** -0.5);
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
    return this.linear(`${name}.proj`, tf.reshape(mixed, [n, tokens, d]), d);
  }

  private timestep(t: tf.Tensor1D, d: number): tf.Tensor {
    const frequencies = tf.exp(tf.mul(tf.range(0, 128), -Math.log(10_000) / 128));
    const angles = tf.mul(tf.expandDims(t, 1), tf.expandDims(frequencies, 0));
    const sinusoid = tf.concat([tf.cos(angles), tf.sin(angles)], 1);
    return this.linear("t.2", silu(this.linear("t.0", sinusoid, d)), d);
  }

  /** By a product, since tfjs has no gradient of gather on wasm. */
  private label(y: tf.Tensor1D, d: number): tf.Tensor {
    const rows = this.config.numClasses + 1;
    return tf.matMul(tf.oneHot(y, rows).toFloat() as tf.Tensor2D, this.variable("y", [rows, d]) as tf.Tensor2D);
  }

  private linear(name: string, x: tf.Tensor, out: number): tf.Tensor {
    const inner = x.shape.at(-1)!;
    const a = tf.reshape(x, [-1, inner]) as tf.Tensor2D;
    const bias = this.variable(`${name}.bias`, [out]);
    const y = tf.fused.matMul({ a, b: this.variable(`${name}.weight`, [inner, out]) as tf.Tensor2D, bias });
    return tf.reshape(y, [...x.shape.slice(0, -1), out]);
  }

  private variable(name: string, shape: number[]): tf.Variable {
    const known = this.variables.get(name);
    if (known !== undefined) return known;
    const made = tf.variable(tf.randomNormal(shape, 0, 0.02));
    this.variables.set(name, made);
    return made;
  }
}

function modulate(x: tf.Tensor, shift: tf.Tensor, scale: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const normed = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-6)));
  return tf.add(tf.mul(normed, tf.add(tf.expandDims(scale, 1), 1)), tf.expandDims(shift, 1));
}

function silu(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.sigmoid(x));
}

function gelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}
