import { type Dataset, ditSpec, hostTensor, initialize, type ModelConfig, normal, type Weights } from "@dit/core";

/** First weights, all of them moved a little: a fresh model's gates are 0, and hide what happens behind them. */
export function drawnWeights({ dit }: Pick<ModelConfig, "dit">): Weights {
  const weights = Object.entries(initialize(ditSpec(dit), 0)).map(([name, { shape, data }]) => {
    const noise = normal({ seed: 0, stream: `diff.${name}`, step: 0, sample: 0 }, data.length);
    return [
      name,
      hostTensor(
        "f32",
        shape,
        data.map((x, i) => x + 0.02 * noise[i]!),
      ),
    ] as const;
  });
  return Object.fromEntries(weights);
}

/** `size` images of noise that a model can be trained on, of every class. */
export function drawnData(
  { dit: { inChannels, inputSize, numClasses } }: Pick<ModelConfig, "dit">,
  size: number,
): Dataset {
  const pixels = inChannels * inputSize[0] * inputSize[1];
  return {
    imageShape: [inChannels, ...inputSize],
    classNames: Array.from({ length: numClasses }, (_, i) => String(i)),
    size,
    flip: false,
    label: (index) => index % Math.max(1, numClasses),
    read: (index, out, offset) =>
      out.set(normal({ seed: 0, stream: "diff.x0", step: 0, sample: index }, pixels), offset),
  };
}
