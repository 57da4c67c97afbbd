import { type Backend, f32, trace } from "@dit/core";
import { positionalTable, timestepSinusoid } from "@dit/core/internal";
import type { Findings } from "./check";
import { evaluate } from "./evaluate";
import type { Fixture } from "./fixture";
import { initialStatistics } from "./initStatistics";

/** Of large positional tables the fixtures keep every 37th row. */
const keptRow = 37;

/** The fixed tables, the timestep sinusoid, and how a fresh model's parameters are distributed. */
export async function ditEmbeddings(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  for (const name of fixture.names) {
    const positional = /^pos_embed\.(\d+)\.(\d+)$/.exec(name);
    if (positional !== null) comparePositional(name, Number(positional[1]), Number(positional[2]), fixture, findings);
    const timestep = /^timestep_embedding\.(\d+)(\.float64)?$/.exec(name);
    if (timestep !== null) await compareTimestep(name, Number(timestep[1]), fixture, backend, findings);
  }
  initialStatistics(fixture, findings);
}

function comparePositional(name: string, width: number, grid: number, fixture: Fixture, findings: Findings): void {
  const table = positionalTable(width, grid, grid);
  const rows = fixture.stored(name).shape[0]!;
  const kept = Array.from({ length: rows }, (_, i) => (rows === grid * grid ? i : i * keptRow));
  const data = kept.flatMap((row) => [...table.subarray(row * width, (row + 1) * width)]);
  findings.compare("pos_embed.*", name, { shape: [rows, width], data });
}

async function compareTimestep(
  name: string,
  width: number,
  fixture: Fixture,
  backend: Backend,
  findings: Findings,
): Promise<void> {
  const t = fixture.f32("t");
  const graph = trace("timestep sinusoid", { t: f32(t.shape) }, ({ t }) => ({ sinusoid: timestepSinusoid(t, width) }));
  const [result] = await evaluate(backend, graph, { t });
  findings.compare("timestep_embedding.*", name, result!.sinusoid!);
}
