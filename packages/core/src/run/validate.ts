import { ditSpec } from "../define/dit/dit";
import type { ModelConfig } from "../define/model";
import { bindParams, paramTypes } from "../define/params";
import { batchType, meanLosses } from "../define/train/objective";
import type { HostTensor } from "../ir/hostTensor";
import { trace } from "../trace/trace";
import type { Backend, Feeds } from "./backend";
import { validationBatches } from "./batches";
import { type Dataset, requireFit } from "./dataset";
import { disposeAll } from "./feeds";
import { prefixed } from "./trainState";

/** How a held-out loss is measured. Its noise and timesteps never change, so that its values can be compared. */
export interface Validation {
  readonly data: Dataset;
  readonly batchSize: number;
  /** Largest number of batches; the dataset may hold fewer. */
  readonly batches: number;
}

/** Draws of the validation noise. Apart from any training seed: the measure stays the same from run to run. */
const validationSeed = 20221219;

/** A compiled held-out loss. */
export interface Validator {
  /** The mean loss under the given parameters, by path. */
  run(params: Feeds): Promise<number>;
  dispose(): Promise<void>;
}

/**
 * Compiles a held-out loss. Batches are whole: a rest smaller than one is left out.
 * @throws ConfigError for data that do not fit the model
 */
export async function validator(
  model: ModelConfig,
  backend: Backend,
  { data, batchSize, batches }: Validation,
): Promise<Validator> {
  requireFit(model, data);
  const spec = ditSpec(model.dit);
  const size = Math.min(batchSize, data.size);
  const graph = trace(
    "validation loss",
    { params: paramTypes(spec).all, batch: batchType(model, size) },
    ({ params, batch }) => ({
      loss: meanLosses(model, bindParams(spec, params), batch).loss,
    }),
  );
  const executable = await backend.compile({ ...graph, samples: ["batch.x0", "batch.noise"] });
  const source = validationBatches(data, model, size, validationSeed);
  const count = Math.max(1, Math.min(batches, Math.floor(data.size / size)));
  return {
    run: async (params) => {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const batch = Object.entries(source.batches(i, 1)).map(([name, value]) => [name, unstacked(value)] as const);
        const outputs = await executable.run({
          ...prefixed("params", params),
          ...prefixed("batch", Object.fromEntries(batch)),
        });
        sum += (await outputs.loss!.read()).data[0]!;
        disposeAll(outputs);
      }
      return sum / count;
    },
    dispose: () => executable.dispose(),
  };
}

/** A batch from a stack of one. */
function unstacked(value: HostTensor): HostTensor {
  return { ...value, shape: value.shape.slice(1) };
}
