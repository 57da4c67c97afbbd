import { nodesOf, stepGraph } from "../ir/graph";
import type { Backend } from "./backend";
import { reference } from "./reference/reference";

/** For tests: what a scan's step computes, and for how many rows it was run. */
export interface WatchedScan {
  /** Sizes of the batches that its networks see. */
  readonly batches: readonly number[];
  rows: number;
}

/** The reference, with an eye on the scans that it runs. A network is known by the patches it embeds. */
export function watchedReference(): Backend & { readonly scans: readonly WatchedScan[] } {
  const backend = reference();
  const scans: WatchedScan[] = [];
  return {
    ...backend,
    scans,
    compileScan: async (scan, options) => {
      const executable = await backend.compileScan(scan, options);
      const embeddings = nodesOf(stepGraph(scan)).filter(
        ({ op, scope }) => op === "linear" && /(^|\.)x_embedder/.test(scope),
      );
      const watched: WatchedScan = { batches: embeddings.map(({ shape }) => shape[0]!), rows: 0 };
      scans.push(watched);
      return {
        ...executable,
        run: (feeds) => {
          watched.rows += Object.values(feeds.xs)[0]!.shape[0]!;
          return executable.run(feeds);
        },
      };
    },
  };
}
