import { normal } from "../host/normal";
import { uniform } from "../host/rng";
import { type HostTensor, hostTensor } from "../ir/hostTensor";
import { sizeOf } from "../ir/shape";
import { type ParamSpec, paramsOf, type Weights } from "./params";

/** First values of every parameter. Each draws from a stream of its own, so that its values do not depend on the others. */
export function initialize(spec: object, seed: number): Weights {
  return Object.fromEntries(
    Object.entries(paramsOf(spec)).map(([name, param]) => [name, initialValue(name, param, seed)]),
  );
}

function initialValue(name: string, { shape, init }: ParamSpec, seed: number): HostTensor<"f32"> {
  const key = { seed, stream: `init.${name}`, step: 0, sample: 0 };
  const size = sizeOf(shape);
  switch (init.kind) {
    case "zeros":
      return hostTensor("f32", shape, new Float32Array(size));
    case "ones":
      return hostTensor("f32", shape, new Float32Array(size).fill(1));
    case "normal":
      return hostTensor(
        "f32",
        shape,
        normal(key, size).map((z) => z * init.std),
      );
    case "xavierUniform": {
      const bound = Math.sqrt(6 / (init.fanIn + init.fanOut));
      return hostTensor(
        "f32",
        shape,
        uniform(key, size).map((u) => (2 * u - 1) * bound),
      );
    }
    case "fixed":
      return hostTensor("f32", shape, init.values());
    default:
      return init satisfies never;
  }
}
