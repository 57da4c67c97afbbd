import { type DiTConfig, ditSpec, lazyTensor, type Weights } from "@dit/core";
import { paramsOf } from "@dit/core/internal";
import { formulaParameter } from "./formula";

/** Every parameter of a DiT by the formula, and the fixed tables; each is made when its values are asked for. */
export function formulaWeights(config: DiTConfig, salt = ""): Weights {
  return Object.fromEntries(
    Object.entries(paramsOf(ditSpec(config))).map(([name, { shape, init }]) => [
      name,
      lazyTensor("f32", shape, () =>
        init.kind === "fixed" ? init.values() : formulaParameter(name, shape, salt).data,
      ),
    ]),
  );
}
