import { type Backend, constantF32, f32, hostF32, normal, trace } from "@dit/core";

// How fast something runs, as a part of what the same runtime does with plain matrix products: see docs/benchmarks.md.

/** Something to time: one call does `flops` floating-point operations. */
export interface Candidate {
  readonly name: string;
  readonly flops: number;
  run(): Promise<void>;
}

export interface Row {
  readonly name: string;
  readonly ratio: number;
  readonly gflops: readonly number[];
  readonly roof: readonly number[];
  readonly roofSpread: number;
  readonly isVoid: boolean;
}

/** Candidate and roof by turns. */
export async function measure(candidate: Candidate, roof: Candidate, rounds: number): Promise<Row> {
  await candidate.run();
  await roof.run();
  const gflops: number[] = [];
  const top: number[] = [];
  for (let round = 0; round < rounds; round++) {
    top.push(await rate(roof));
    gflops.push(await rate(candidate));
  }
  const roofSpread = (Math.max(...top) - Math.min(...top)) / median(top);
  const ratio = median(gflops.map((x, i) => x / top[i]!));
  return { name: candidate.name, ratio, gflops, roof: top, roofSpread, isVoid: roofSpread > 0.15 };
}

/** GFLOP/s over at least half a second, after the other session's threads have gone to sleep. */
async function rate({ run, flops }: Candidate): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  const started = performance.now();
  let calls = 0;
  do {
    await run();
    calls++;
  } while (performance.now() - started < 500);
  return (calls * flops) / (performance.now() - started) / 1e6;
}

/** Eight chained 1024-cube products with constant weights and a scalar result. */
export async function roofOf(on: Backend): Promise<Candidate> {
  const size = 1024;
  const weights = () => constantF32([size, size], normal({ seed: 0, stream: "roof", step: 0, sample: 0 }, size * size));
  const graph = trace("roof", { x: f32([size, size]) }, ({ x }) => {
    let y = x;
    for (let i = 0; i < 8; i++) y = y.matmul(weights());
    return { sum: y.sum() };
  });
  const executable = await on.compile(graph);
  const x = hostF32([size, size], normal({ seed: 1, stream: "roof", step: 0, sample: 0 }, size * size));
  return {
    name: "roof",
    flops: 8 * 2 * size ** 3,
    run: async () => {
      const { sum } = await executable.run({ x });
      sum!.dispose();
    },
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
