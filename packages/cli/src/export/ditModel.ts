import { exportFormats, networkGraph, quantizedWeights } from "@dit/backend-ort";
import { castPrecision, type Model, type ModelConfig, type Weights } from "@dit/core";
import { drawnWeights } from "../drawnModel";
import { openModel } from "../findModel";
import type { ModelKind } from "./exportable";

/** A DiT, of which all files but an autoencoder's are made. */
export const ditModel: ModelKind<Model> = {
  open: openModel,
  describe: ({ config }) => ({ config, schedule: config.diffusion, classNames: config.classNames ?? null }),
  standIn(config) {
    return {
      config: config as ModelConfig,
      get weights() {
        return drawnWeights(config as ModelConfig);
      },
    };
  },
  held(model, dtype) {
    const { precision, weights } = exportFormats[dtype];
    if (weights === "f32") return model;
    const graph = castPrecision(networkGraph(model, 1), precision);
    return { ...model, weights: quantizedWeights(graph, model.weights, weights) as Weights };
  },
};
