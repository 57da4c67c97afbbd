#!/usr/bin/env node
import { reportError } from "./output/exit";
import { program } from "./program";

try {
  // The parser would take the word after a bare --json for its mode.
  await program().parseAsync(process.argv.map((word) => (word === "--json" ? "--json=object" : word)));
} catch (error) {
  process.exitCode = reportError(error);
}
