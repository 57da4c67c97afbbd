import { stripVTControlCharacters } from "node:util";
import pico from "picocolors";
import { formatDuration } from "./duration";
import { formatCount, formatShort, formatValue } from "./formatNumber";

/** How far a long task is. */
export interface ProgressUpdate {
  readonly step: number;
  readonly total: number;
  readonly loss?: number | undefined;
  readonly imagesPerSecond?: number | undefined;
}

/** Where a long task says how it is getting on. */
export interface Progress {
  update(update: ProgressUpdate): void;
  /** A line that stays, such as "saved step 500", above the moving one. */
  note(text: string): void;
  /** One more NDJSON object for `--json=stream`; says nothing in the other modes. */
  event(event: string, fields: Readonly<Record<string, unknown>>): void;
  /** Ends the moving line, so that what is printed next begins on a line of its own. */
  done(): void;
}

/** The part of a stream that is used here. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface ProgressOptions {
  /** What is going on, before the numbers: `train`, `sample`. */
  readonly label: string;
  /** `--json`: nothing but the result; `--json=stream`: NDJSON. */
  readonly json?: boolean | "stream";
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For people: stderr, which leaves stdout to results. */
  readonly stderr?: TextStream;
  /** For programs: NDJSON is a result. */
  readonly stdout?: TextStream;
  /** Milliseconds from any beginning. */
  readonly now?: () => number;
}

type Colours = ReturnType<typeof pico.createColors>;

const redrawMs = 100;
const plainLineMs = 5000;
const barCells = 24;

/** A progress writer: one moving line on a terminal, a line every few seconds elsewhere (logs, CI), NDJSON for programs, or nothing. */
export function createProgress(options: ProgressOptions): Progress {
  const { label, json = false, env = process.env, stderr = process.stderr, stdout = process.stdout } = options;
  const now = options.now ?? (() => performance.now());
  if (json === "stream") return streamProgress(label, stdout);
  if (json) return { update() {}, note() {}, event() {}, done() {} };
  const terminal = stderr.isTTY === true && env.TERM !== "dumb" && !env.CI;
  const colours = pico.createColors(terminal && !env.NO_COLOR);
  return terminal ? terminalProgress(label, stderr, colours, now) : plainProgress(label, stderr, now);
}

function streamProgress(label: string, stdout: TextStream): Progress {
  const write = (event: string, fields: object) => stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  return {
    update: (update) => write("progress", { task: label, ...update }),
    note: (text) => write("note", { task: label, text }),
    event: write,
    done() {},
  };
}

function plainProgress(label: string, stream: TextStream, now: () => number): Progress {
  const eta = etaClock(now);
  let lastLine = Number.NEGATIVE_INFINITY;
  return {
    update(update) {
      const remaining = eta(update);
      const finished = update.step >= update.total;
      if (now() - lastLine < plainLineMs && !finished) return;
      lastLine = now();
      stream.write(`${[`${label} ${update.step}/${update.total}`, ...figures(update, remaining)].join("  ")}\n`);
    },
    note: (text) => stream.write(`${text}\n`),
    event() {},
    done() {},
  };
}

function terminalProgress(label: string, stream: TextStream, colours: Colours, now: () => number): Progress {
  const eta = etaClock(now);
  let drawnAt = Number.NEGATIVE_INFINITY;
  let shown = "";
  const draw = (line: string) => {
    shown = line;
    // Carriage return, the line, clear to its end: redrawing in place without a flicker.
    stream.write(`\r${line}\x1b[K`);
  };
  return {
    update(update) {
      const remaining = eta(update);
      if (now() - drawnAt < redrawMs && update.step < update.total) return;
      drawnAt = now();
      const head = `${label} ${bar(update.step / update.total, colours)} ${formatCount(update.step)}/${formatCount(update.total)}`;
      draw(fitted([head, ...figures(update, remaining).map((text) => colours.dim(text))], stream.columns || 80));
    },
    note(text) {
      stream.write(`\r\x1b[K${text}\n`);
      if (shown) stream.write(shown);
    },
    event() {},
    done() {
      if (shown) stream.write("\n");
      shown = "";
    },
  };
}

function figures(
  { loss, imagesPerSecond, step, total }: ProgressUpdate,
  remainingSeconds: number | undefined,
): string[] {
  const parts: string[] = [];
  if (loss !== undefined) parts.push(`loss ${formatValue(loss)}`);
  if (imagesPerSecond !== undefined) parts.push(`${formatShort(imagesPerSecond)} images/s`);
  if (remainingSeconds !== undefined && step < total) parts.push(`ETA ${formatDuration(remainingSeconds)}`);
  return parts;
}

function bar(done: number, colours: Colours): string {
  const filled = Math.round(Math.min(1, Math.max(0, done)) * barCells);
  return colours.cyan("━".repeat(filled)) + colours.dim("─".repeat(barCells - filled));
}

/** As many parts as fit on one line: a line that wraps could not be redrawn. */
function fitted(parts: readonly string[], columns: number): string {
  const kept = [...parts];
  while (kept.length > 1 && stripVTControlCharacters(kept.join("  ")).length >= columns) kept.pop();
  const line = kept.join("  ");
  return stripVTControlCharacters(line).length < columns ? line : stripVTControlCharacters(line).slice(0, columns - 1);
}

/** Remaining seconds from the pace of the last minute or so; undefined until there is one. A resumed run starts a clock of its own. */
function etaClock(now: () => number): (update: ProgressUpdate) => number | undefined {
  const memorySeconds = 30;
  let last: { step: number; at: number } | undefined;
  let seconds = 0;
  let steps = 0;
  return ({ step, total }) => {
    const at = now() / 1000;
    if (last !== undefined && step > last.step) {
      const elapsed = at - last.at;
      const fade = Math.exp(-elapsed / memorySeconds);
      seconds = seconds * fade + elapsed;
      steps = steps * fade + (step - last.step);
    }
    if (step !== last?.step) last = { step, at };
    return steps === 0 ? undefined : (seconds / steps) * Math.max(0, total - step);
  };
}
