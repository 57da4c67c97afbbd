import { type ExportDType, exportFormats, modelProgram, networkGraph } from "@dit/backend-ort";
import type { HostTensor } from "@dit/core";
import { disposeAll } from "@dit/core/internal";
import type { Exportable } from "./exportable";
import { drawnImages, labelInput, times } from "./networkInputs";

export const everyDType = Object.keys(exportFormats) as ExportDType[];

/** The network alone: noised images, times and labels to predictions. */
export const modelFile: Exportable<Readonly<Record<string, never>>> = {
  fileName: "model",
  dtypes: everyDType,
  takesAnyBatch: true,
  program: (model, _, options) => modelProgram(model, options),
  feeds: ({ config }, _, batchSize) => ({
    x: drawnImages(config, batchSize, "export"),
    t: times(config, batchSize),
    ...labelInput(config, batchSize),
  }),
  async expected(model, settings, batchSize, backend) {
    const executable = await backend.compile(networkGraph(model, batchSize));
    const feeds = modelFile.feeds(model, settings, batchSize) as Record<string, HostTensor>;
    const outputs = await executable.run({ ...model.weights, ...feeds });
    const { data } = await outputs.output!.read();
    disposeAll(outputs);
    await executable.dispose();
    return { output: data as Float32Array };
  },
  passes: () => 1,
};
