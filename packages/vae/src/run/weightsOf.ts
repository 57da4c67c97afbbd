import { DitError, type HostTensor, type Weights } from "@dit/core";
import { paramsOf } from "@dit/core/internal";

/** The weights that a spec names, as the graph's constants. @throws DitError naming one that is missing */
export function weightsOf(spec: object, weights: Weights): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.keys(paramsOf(spec)).map((name) => {
      const value = weights[name];
      if (value === undefined) throw new DitError(`parameter ${name} is missing from the autoencoder's weights`);
      return [`params.${name}`, value];
    }),
  );
}
