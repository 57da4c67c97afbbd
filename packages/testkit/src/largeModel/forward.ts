/**
 * One forward pass of a DiT with formula weights on onnxruntime. It runs in a process of its own, whose peak memory it
 * prints with what came out: `tsx forward.ts '{"model": "DiT-XL/2", "batch": 1}'`
 */
import { networkGraph, ort } from "@dit/backend-ort";
import { diffusionDefaults, ditConfig, hostF32 } from "@dit/core";
import { fnv1a } from "@dit/core/internal";
import { formulaInput, formulaInts, formulaWeights } from "../formula";
import { peakMemory } from "./peakMemory";

export interface ForwardRequest {
  readonly model: string;
  readonly batch: number;
  readonly inlineBytes?: number;
}

export interface ForwardReport {
  /** The most that the process ever held in memory. */
  readonly peakBytes: number;
  readonly parameters: number;
  readonly secondsToOpen: number;
  readonly secondsToRun: number;
  readonly finite: boolean;
  readonly largest: number;
  /** Of the output's bytes. */
  readonly hash: number;
}

async function forward({ model, batch, inlineBytes }: ForwardRequest): Promise<ForwardReport> {
  const config = { dit: ditConfig(model), diffusion: diffusionDefaults };
  const weights = formulaWeights(config.dit);
  const backend = await ort(inlineBytes === undefined ? {} : { inlineBytes });
  const started = performance.now();
  const executable = await backend.compile(networkGraph({ config }, batch), { constants: weights });
  const opened = performance.now();
  const { output } = await executable.run({
    x: formulaInput("x", [batch, config.dit.inChannels, ...config.dit.inputSize]),
    t: hostF32([batch], formulaInts("t", [batch], 1000).data),
    y: formulaInts("y", [batch], config.dit.numClasses),
  });
  const data = (await output!.read()).data as Float32Array;
  const done = performance.now();
  await backend.dispose();
  const shapes = Object.values(weights).map(({ shape }) => shape.reduce((product, n) => product * n, 1));
  return {
    peakBytes: peakMemory(),
    parameters: shapes.reduce((sum, n) => sum + n, 0),
    secondsToOpen: (opened - started) / 1000,
    secondsToRun: (done - opened) / 1000,
    finite: data.every(Number.isFinite),
    largest: data.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
    hash: fnv1a(new Uint32Array(data.buffer, data.byteOffset, data.length).join()),
  };
}

process.stdout.write(`${JSON.stringify(await forward(JSON.parse(process.argv[2]!) as ForwardRequest))}\n`);
