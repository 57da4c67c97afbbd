import type { Backend } from "@dit/core";
import { paramsOf } from "@dit/core/internal";
import { graphFeatures } from "../graphFeatures";
import { expectedFeatures } from "./expectedFeatures";
import { foldNorms } from "./foldNorms";
import { formulaImage, formulaWeight } from "./formulaWeights";
import { inceptionSize, storedInceptionSpec } from "./inception";
import { inceptionNetwork } from "./inceptionNetwork";

/** How far a backend is off the float64 reference. */
export interface Verification {
  readonly backend: string;
  /** Over the 2048 features of one image, whose root mean square is 0.31. */
  readonly largestDeviation: number;
}

/** A processor's float32 is off by about 1e-6, a GPU's by up to 1e-3; beyond that numbers would not be FID. */
export const largestAllowedDeviation = 1e-3;

/** The image that is looked at: no file is needed for it, nor for the weights. */
export const verifiedImage = () => {
  const data = formulaImage(inceptionSize, inceptionSize, 777);
  return { count: 1, height: inceptionSize, width: inceptionSize, channels: 3, data } as const;
};

/** The Inception network with formula weights on a backend. */
export async function formulaInception(backend: Backend) {
  const stored = Object.entries(paramsOf(storedInceptionSpec()));
  const weights = foldNorms(Object.fromEntries(stored.map(([name, { shape }]) => [name, formulaWeight(name, shape)])));
  return graphFeatures(await inceptionNetwork(weights, "adm", 1), backend);
}

/**
 * Runs the Inception network with formula weights on one image, and compares with the values of the float64 reference: before
 * numbers of a backend are trusted. It finds half precision, fast mathematics and faulty drivers.
 */
export async function verify(backend: Backend): Promise<Verification> {
  const network = await formulaInception(backend);
  try {
    const { rows } = await network.extract(verifiedImage());
    const { data } = rows.features!;
    const largestDeviation = expectedFeatures().reduce((most, x, i) => Math.max(most, Math.abs(x - data[i]!)), 0);
    return { backend: backend.name, largestDeviation };
  } finally {
    await network.dispose();
  }
}
