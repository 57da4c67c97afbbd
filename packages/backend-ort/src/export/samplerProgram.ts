import type { Model, SampleSettings, Scan } from "@dit/core";
import {
  guidedRows,
  imageScan,
  isNoisy,
  nodesOf,
  prefixed,
  rowFeeds,
  type SamplingCall,
  samplerTable,
  samplingCalls,
  stepGraph,
} from "@dit/core/internal";
import { Emitter } from "../lower/emitter";
import { bindInputs, emitLoop, modelOf } from "../lower/lowerGraph";
import type { ValueInfoProto } from "../onnx/model";
import type { Program } from "./program";
import { exportFormats, type ProgramOptions, targetOf } from "./programOptions";

/**
 * A whole sampling run: standard normal `noise` [N, C, I, J], y [N] and the guidance scale -> `images` [N, C, I, J].
 * The rows of the sampler's table are in the file. A sampler that adds noise on the way takes it as `stepNoise`
 * [rows, N, C, I, J]. Where guidance sets in or ends, another `Loop` begins: outside there is no second forward pass.
 */
export function samplerProgram(model: Model, given: SampleSettings, options: ProgramOptions = {}): Program {
  const { config, weights } = model;
  const settings = { ...given, precision: exportFormats[options.dtype ?? "f32"].precision };
  const table = samplerTable(config, settings);
  const stretches = samplingCalls(table.rows, guidedRows(settings), Number.POSITIVE_INFINITY);
  const bound = prefixed("params", weights);
  const { inChannels, inputSize, numClasses } = config.dit;

  return (batchSize) => {
    const emit = new Emitter();
    const image = [batchSize, inChannels, ...inputSize];
    const scans = stretches.map(({ isGuided }) =>
      imageScan(config, isGuided ? settings : { ...settings, guidance: 1 }, table, batchSize),
    );
    const past = scans[0]!.carry.slice(1).map(() => emit.op("Expand", [emit.number(0), emit.ints(image)]));
    const { startScale } = table;
    const start = startScale === 1 ? "noise" : emit.op("Mul", ["noise", emit.number(startScale)]);
    let carry = [start, ...past];
    stretches.forEach((stretch, i) => {
      const isLast = i === stretches.length - 1;
      const ends = scans[i]!.carry.map(({ name }) => (isLast && name === "x" ? "images" : `stretch${i}.${name}`));
      emitStretch(stretch, scans[i]!, carry, ends);
      carry = ends;
    });

    const f32 = (name: string, shape: readonly number[]): ValueInfoProto => ({ name, elementType: "float32", shape });
    const inputs: ValueInfoProto[] = [
      f32("noise", image),
      ...(numClasses === 0 ? [] : [{ name: "y", elementType: "int32" as const, shape: [batchSize] }]),
      ...(scans.some(readsGuidance) ? [f32("guidance", [])] : []),
      ...(isNoisy(table) ? [f32("stepNoise", [table.rows.length, ...image])] : []),
    ];
    return modelOf(emit, settings.sampler, { inputs, outputs: [f32("images", image)] }, targetOf(options));

    function emitStretch(
      { first, count }: SamplingCall,
      scan: Scan,
      carry: readonly string[],
      outputs: readonly string[],
    ): void {
      const rows = rowFeeds(table, first, count);
      const stepNoise = () =>
        count === table.rows.length
          ? "stepNoise"
          : emit.op("Slice", ["stepNoise", emit.ints([first]), emit.ints([first + count]), emit.ints([0])]);
      emitLoop(emit, scan, {
        name: `${scan.name}s from ${first}`,
        steps: emit.op("Squeeze", [emit.ints([count])]),
        constants: bindInputs(emit, scan.constants, bound),
        carry,
        xs: scan.xs.map(({ name }) => (name === "noise" ? stepNoise() : emit.constant(rows[name]!))),
        outputs,
        target: targetOf(options),
      });
    }
  };
}

function readsGuidance(scan: Scan): boolean {
  const guidance = scan.constants.find(({ name }) => name === "guidance")!.tensor;
  return nodesOf(stepGraph(scan)).includes(guidance);
}
