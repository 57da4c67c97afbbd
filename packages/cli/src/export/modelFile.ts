import { type ExportDType, exportFormats, graphProgram, networkGraph } from "@dit/backend-ort";
import { type HostTensor, type Model, multiplyAdds } from "@dit/core";
import { disposeAll } from "@dit/core/internal";
import { ditModel } from "./ditModel";
import type { Exportable } from "./exportable";
import { drawnImages, labelInput, times } from "./networkInputs";

export const everyDType = Object.keys(exportFormats) as ExportDType[];

/** What a file has that its model alone decides. */
export type NoSettings = Readonly<Record<string, never>>;

/** The network alone: noised images, times and labels to predictions. */
export const modelFile: Exportable<NoSettings, Model> = {
  fileName: "model",
  kind: ditModel,
  dtypes: everyDType,
  takesAnyBatch: true,
  settings: () => ({}),
  program: (model, _, options) => graphProgram((batchSize) => networkGraph(model, batchSize), model.weights, options),
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
  passesBy: "max",
  multiplyAdds: ({ config }) => multiplyAdds(config.dit),
};
