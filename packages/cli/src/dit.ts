#!/usr/bin/env node
import { program } from "./program";
import { reportError } from "./output/exit";

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
