import type { DiTConfig } from "../../core/src/define/dit/config";
import { ditSpec } from "../../core/src/define/dit/dit";
import { paramsOf, type Weights } from "../../core/src/define/params";
import { fnv1a } from "../../core/src/host/fnv1a";
import { type HostTensor, hostTensor, lazyTensor } from "../../core/src/ir/hostTensor";
import { type Shape, sizeOf } from "../../core/src/ir/shape";

// Weights and inputs from a formula, so that big models can be checked without shipping weights.
// Source: README.md of the fixtures, section "Formula values".

/** [count] float64 numbers u in [0, 1), with 24 bits each, for the name `salt` + `name`. */
export function formulaUniform(name: string, count: number, salt = ""): Float64Array {
  const hash = formulaHash(name, salt);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = (hash(i) >>> 8) / 2 ** 24;
  return out;
}

/**
 * The value of a model parameter with the state-dict name `name`: matrices and convolutions [out, ...] uniform with
 * variance 1 / fan-in, embedding tables uniform in -1..1, biases near 0 and norm scales near 1.
 */
export function formulaParameter(name: string, shape: Shape, salt = ""): HostTensor<"f32"> {
  const isMatrix = shape.length >= 2;
  const centre = !isMatrix && name.endsWith("weight") ? 1 : 0;
  const reach = isMatrix ? (name.endsWith("embedding_table.weight") ? 1 : Math.sqrt(3 / sizeOf(shape.slice(1)))) : 0.05;
  return spread(name, shape, salt, centre, reach);
}

/** A float input of mean 0 and variance 1, named `name`. */
export function formulaInput(name: string, shape: Shape, salt = ""): HostTensor<"f32"> {
  return spread(name, shape, salt, 0, 1.7320508);
}

/** An integer input in 0..`bound` - 1, such as labels or timesteps, named `name`. */
export function formulaInts(name: string, shape: Shape, bound: number, salt = ""): HostTensor<"i32"> {
  const hash = formulaHash(name, salt);
  return hostTensor(
    "i32",
    shape,
    Int32Array.from({ length: sizeOf(shape) }, (_, i) => hash(i) % bound),
  );
}

/** Uniform in `centre` +- `reach`: one pass and one array, since a large model has hundreds of millions of values. */
function spread(name: string, shape: Shape, salt: string, centre: number, reach: number): HostTensor<"f32"> {
  const hash = formulaHash(name, salt);
  const out = new Float32Array(sizeOf(shape));
  for (let i = 0; i < out.length; i++) out[i] = centre + (2 * ((hash(i) >>> 8) / 2 ** 24) - 1) * reach;
  return hostTensor("f32", shape, out);
}

/** The words of a name, by number: a Weyl sequence from the hash of the name, each put through the murmur3 finaliser. */
function formulaHash(name: string, salt: string): (i: number) => number {
  const seed = fnv1a(salt + name);
  return (i) => {
    let h = (seed + Math.imul(i, 0x9e3779b9)) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  };
}

/** Every parameter of a spec by the formula, and its fixed tables as they are; each is made when its values are asked for. */
export function formulaParameters(spec: object, salt = ""): Weights {
  return Object.fromEntries(
    Object.entries(paramsOf(spec)).map(([name, { shape, init }]) => [
      name,
      lazyTensor("f32", shape, () =>
        init.kind === "fixed" ? init.values() : formulaParameter(name, shape, salt).data,
      ),
    ]),
  );
}

/** The same of a DiT. */
export function formulaWeights(config: DiTConfig, salt = ""): Weights {
  return formulaParameters(ditSpec(config), salt);
}
