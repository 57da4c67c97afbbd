import { type Backend, multiplyAdds } from "@dit/core";
import { prefixed } from "@dit/core/internal";
import { Declined, type Findings } from "./check";
import { evaluate } from "./evaluate";
import type { Fixture, Values } from "./fixture";
import { modelOf, networkGraph, weightsOf } from "./network";

/** Multiply-adds of one call that the reference backend, at about 1 G per second, still takes on. */
const referenceLimit = 10e9;

/** A DiT of any size: one forward pass, and statistics of the tokens after each block. */
export async function ditForward(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const { dit } = modelOf(fixture);
  const [x, t, y] = [fixture.f32("input.x"), fixture.f32("input.t"), fixture.i32("input.y")];
  const work = multiplyAdds(dit) * y.shape[0]!;
  if (backend.name === "reference" && work > referenceLimit) {
    throw new Declined(
      `the forward pass takes ${(work / 1e9).toFixed(1)} G multiply-adds; the reference backend stops at ${referenceLimit / 1e9} G`,
    );
  }
  const blocks = Array.from({ length: dit.depth }, (_, i) => `blocks.${i}`);
  const feeds = { ...prefixed("params", weightsOf(dit, fixture)), x, t, y };
  const [results] = await evaluate(backend, networkGraph(dit, y.shape[0]!, blocks), feeds);
  findings.compare("output", "output", results!.output!);
  if (fixture.has("block_stats")) {
    const rows = blocks.map((block) => statistics(results![`act.${block}`]!));
    findings.compare("block_stats", "block_stats", { shape: [rows.length, 3], data: rows.flat() });
  }
}

/** Mean, std (unbiased, as PyTorch's) and largest magnitude. */
function statistics({ data }: Values): [mean: number, std: number, largest: number] {
  const values = Float64Array.from(data);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / (values.length - 1)), values.reduce((most, x) => Math.max(most, Math.abs(x)), 0)];
}
