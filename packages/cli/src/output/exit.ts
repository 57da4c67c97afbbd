import { DitError } from "@dit/core";
import pico from "picocolors";
import type { TextStream } from "./progress";

/** What the exit code of `dit` says. Signals end with 128 plus their number, as shells expect. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  missingPackage: 3,
  verification: 4,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** A check ran to its end and found a difference: two implementations disagree, a file's hash is another. */
export class VerificationError extends DitError {
  override readonly name = "VerificationError";
}

/** The user or the system asked the run to stop, and it has saved what there was to save. */
export class InterruptedError extends DitError {
  override readonly name = "InterruptedError";
  constructor(
    readonly signal: "SIGINT" | "SIGTERM",
    message = `stopped by ${signal}`,
  ) {
    super(message);
  }
}

/** By name, not by class: the ESM and the CommonJS build of a package have two classes for one error. */
const codeOfName: Readonly<Record<string, number>> = {
  ConfigError: exitCodes.usage,
  ShapeError: exitCodes.usage,
  FormatError: exitCodes.usage,
  UnsupportedError: exitCodes.usage,
  MissingPackageError: exitCodes.missingPackage,
  VerificationError: exitCodes.verification,
  AbortError: exitCodes.SIGINT,
};

/** The exit code for an error that reached the top of the program. */
export function exitCode(error: unknown): number {
  if (isCommanderError(error)) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (!(error instanceof Error)) return exitCodes.failure;
  if (error.name === "InterruptedError") return exitCodes[(error as InterruptedError).signal];
  return codeOfName[error.name] ?? exitCodes.failure;
}

/**
 * Says in one line on `stderr` what went wrong, with the stack if `DIT_DEBUG` is set, and returns the exit code.
 * Errors that nobody raised on purpose show their class: they are bugs, and reported as such.
 */
export function reportError(
  error: unknown,
  stderr: TextStream = process.stderr,
  env: Readonly<Record<string, string | undefined>> = process.env,
): number {
  const code = exitCode(error);
  // Commander has printed its own message already.
  if (isCommanderError(error)) return code;
  const colours = pico.createColors(stderr.isTTY === true && !env.NO_COLOR);
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
  if (code === exitCodes.SIGINT || code === exitCodes.SIGTERM) {
    stderr.write(`${message}\n`);
  } else {
    stderr.write(
      `${colours.red("error:")} ${isDeliberate(error) ? message : `${unexpected(error)}${message} (DIT_DEBUG=1 shows where)`}\n`,
    );
  }
  if (env.DIT_DEBUG && error instanceof Error) stderr.write(`${stackOf(error)}\n`);
  return code;
}

/** Errors of this project and of the operating system explain themselves. */
function isDeliberate(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const fromSystem = typeof (error as NodeJS.ErrnoException).syscall === "string";
  return error instanceof DitError || error.name in codeOfName || fromSystem;
}

function unexpected(error: unknown): string {
  return error instanceof Error && error.name !== "Error" ? `${error.name}: ` : "";
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}

function isCommanderError(error: unknown): error is Error & { exitCode: number } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}
