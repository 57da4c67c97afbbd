import { samplerProgram, samplerStepProgram } from "@dit/backend-ort";
import {
  ConfigError,
  type HostTensor,
  hostF32,
  hostI32,
  type Model,
  multiplyAdds,
  type SampleSettings,
  sample,
} from "@dit/core";
import {
  columnsOf,
  disposeAll,
  firstCarry,
  imageScan,
  isNoisy,
  requirePossible,
  rowFeeds,
  samplerTable,
  settingsFrom,
} from "@dit/core/internal";
import { guidanceScale } from "../sample/guidanceScale";
import { ditModel } from "./ditModel";
import type { Exportable, FileFeeds, SettingsRequest } from "./exportable";
import { everyDType } from "./modelFile";
import { drawnImages, labelInput, labelsOf } from "./networkInputs";

/** A sampling run as one file: noise and labels to images. */
export const samplerFile: Exportable<SampleSettings, Model> = {
  fileName: "sampler",
  kind: ditModel,
  dtypes: everyDType,
  takesAnyBatch: true,
  settings: samplerSettings,
  program: samplerProgram,
  feeds({ config }, settings, batchSize) {
    const table = samplerTable(config, settings);
    const draws = table.rows.map((_, step) => drawnImages(config, batchSize, "sampling", step));
    const { shape } = draws[0]!;
    const stepNoise = () =>
      hostF32(
        [draws.length, ...shape],
        draws.flatMap(({ data }) => [...data]),
      );
    return {
      noise: drawnImages(config, batchSize, "start"),
      ...labelInput(config, batchSize),
      ...guidanceInput(settings),
      ...(isNoisy(table) && { stepNoise: stepNoise() }),
    };
  },
  async expected(model, settings, batchSize, backend, signal) {
    const classes = labelsOf(model.config, batchSize);
    const { images } = await sample(model, { ...settings, backend, classes, seed: 0, ...(signal && { signal }) });
    return { images: images.data };
  },
  passesBy: "rms",
  multiplyAdds: (model, settings) =>
    samplerTable(model.config, settings).rows.length * multiplyAddsOfRow(model, settings),
};

/** One row of a sampler's table: the caller reads the rows, which the metadata list, one after the other. */
export const samplerStepFile: Exportable<SampleSettings, Model> = {
  fileName: "sampler_step",
  kind: ditModel,
  dtypes: everyDType,
  takesAnyBatch: true,
  settings(model, request) {
    const settings = samplerSettings(model, request);
    if (settings.guidanceInterval === null) return settings;
    throw new ConfigError("a sampler-step is guided or it is not; export one of each, and choose between them");
  },
  program: samplerStepProgram,
  feeds(model, settings, batchSize) {
    const { carry, row, noise } = stepQuestion(model, settings, batchSize);
    const scalars = Object.entries(row).map(([name, { data }]) => [name, hostF32([], data)]);
    const labels = labelInput(model.config, batchSize);
    return { ...carry, ...Object.fromEntries(scalars), ...noise, ...labels, ...guidanceInput(settings) };
  },
  async expected(model, settings, batchSize, backend) {
    const { config, weights } = model;
    const { table, carry, row, noise } = stepQuestion(model, settings, batchSize);
    const executable = await backend.compileScan(imageScan(config, settings, table, batchSize));
    const stacked = Object.entries(noise).map(([name, { shape, data }]) => [name, hostF32([1, ...shape], data)]);
    const params = Object.entries(weights).map(([name, value]) => [`params.${name}`, value]);
    const { y = hostI32([batchSize], labelsOf(config, batchSize)) } = labelInput(config, batchSize);
    const constants = { ...Object.fromEntries(params), y, guidance: hostF32([], [settings.guidance]) };
    const xs = { ...row, ...Object.fromEntries(stacked) };
    const result = await executable.run({ constants, carry, xs });
    const next = Object.entries(result.carry).map(
      async ([name, x]) => [`next.${name}`, (await x.read()).data] as const,
    );
    const outputs = Object.fromEntries(await Promise.all(next));
    disposeAll(result.carry);
    await executable.dispose();
    return outputs as Record<string, Float32Array>;
  },
  passesBy: "max",
  multiplyAdds: multiplyAddsOfRow,
  notes: ({ config }, settings) => {
    const table = samplerTable(config, settings);
    const columns = columnsOf(table);
    const rows = table.rows.map((row) => columns.map((column) => row[column]));
    return { table: { startScale: table.startScale, columns, rows } };
  },
};

/** A row in the middle of a run, with a past where the sampler reads one. */
function stepQuestion({ config }: Pick<Model, "config">, settings: SampleSettings, batchSize: number) {
  const table = samplerTable(config, settings);
  const middle = Math.floor(table.rows.length / 2);
  const carry = Object.keys(firstCarry(table, drawnImages(config, 1, "start")));
  const drawn = (stream: string) => drawnImages(config, batchSize, stream);
  return {
    table,
    carry: Object.fromEntries(carry.map((name) => [name, drawn(`export.${name}`)])),
    row: rowFeeds(table, middle, 1),
    noise: (isNoisy(table) ? { noise: drawn("sampling") } : {}) as { readonly noise?: HostTensor<"f32"> },
  };
}

function guidanceInput({ guidance }: SampleSettings): FileFeeds {
  return guidance === 1 ? {} : { guidance: hostF32([], [guidance]) };
}

function multiplyAddsOfRow({ config }: Model, { guidance }: SampleSettings): number {
  return (guidance === 1 ? 1 : 2) * multiplyAdds(config.dit);
}

function samplerSettings({ config }: Model, { sampling }: SettingsRequest): SampleSettings {
  const guidance = guidanceScale(sampling.guidance, config.dit);
  const settings = settingsFrom(config, { ...sampling, guidance });
  requirePossible(config, settings, false);
  if (settings.sampler === "dopri5")
    throw new ConfigError("dopri5 finds its steps as it goes, which no file can; export another sampler");
  return settings;
}
