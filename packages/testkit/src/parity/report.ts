import type { Finding } from "./check";
import type { Outcome, Verdict } from "./parity";

/** How a run of the checks ended: 4 when a fixture falls short of its tolerances. */
export function exitCodeOf(outcomes: readonly Outcome[]): 0 | 4 {
  return outcomes.some(({ verdict }) => verdict === "short") ? 4 : 0;
}

/** The whole run as one JSON object. Errors that are no numbers are written as strings. */
export function parityJson(folder: string, backend: string, outcomes: readonly Outcome[]): string {
  const run = { folder, backend, exitCode: exitCodeOf(outcomes), ...countsOf(outcomes), fixtures: outcomes };
  return JSON.stringify(
    run,
    (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value),
    2,
  );
}

const verdictText: Readonly<Record<Verdict, readonly [text: string, colour: Colour]>> = {
  green: ["green", "green"],
  short: ["FALLS SHORT", "red"],
  declined: ["declined", "yellow"],
  "unknown kind": ["unknown kind", "yellow"],
};

/** One fixture as a table: a line for each group of tensors with its largest error. */
export function outcomeText(outcome: Outcome, hasColour: boolean): string {
  const paint = painter(hasColour);
  const [verdict, colour] = verdictText[outcome.verdict];
  const { file, kind, findings, notChecked, reason, seconds } = outcome;
  return [
    `${file}: ${kind}, ${paint(colour, verdict)} (${seconds.toFixed(1)} s)`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
    ...findingLines(findings, paint),
    ...(notChecked.length === 0
      ? []
      : [paint("yellow", `  not checked: ${notChecked.length} tensors: ${notChecked.join(", ")}`)]),
  ].join("\n");
}

/** The last lines: each fixture with the group that came nearest to its tolerance, and how many ended how. */
export function summaryText(outcomes: readonly Outcome[], backend: string, hasColour: boolean): string {
  const paint = painter(hasColour);
  const { green, short, declined, unknownKind, notChecked } = countsOf(outcomes);
  const rows = outcomes.map(({ file, kind, verdict, findings, reason }) => {
    const nearest = findings.toSorted((a, b) => shareOf(b) - shareOf(a))[0];
    const most = nearest === undefined ? "" : `${measure(nearest)} in ${nearest.worst}`;
    return { cells: [file, kind, reason ?? most], verdict: verdictText[verdict] };
  });
  return [
    ...aligned(["fixture", "kind", "nearest to its tolerance"], rows, paint),
    "",
    `${backend}: ${green} green, ${short} short, ${declined} declined, ${unknownKind} of unknown kind; ${notChecked} tensors not checked`,
  ].join("\n");
}

/** How much of its tolerance an error takes. A NaN takes all there is. */
function shareOf({ error, tolerance }: Finding): number {
  if (error === 0) return 0;
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / tolerance.limit;
}

function measure({ error, tolerance }: Finding): string {
  return `${number(error)} of ${number(tolerance.limit)} ${tolerance.unit}`;
}

function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  if (findings.length === 0) return [];
  const rows = findings.map(({ group, count, error, tolerance, worst, green }) => ({
    cells: [group, String(count), number(error), number(tolerance.limit), tolerance.unit, worst],
    verdict: (green ? ["green", "green"] : ["SHORT", "red"]) as [string, Colour],
  }));
  return aligned(["group", "count", "largest error", "tolerance", "", "largest in"], rows, paint).map(
    (line) => `  ${line}`,
  );
}

interface Line {
  readonly cells: readonly string[];
  readonly verdict: readonly [text: string, colour: Colour];
}

/** Columns of one width each; those that hold numbers are aligned to the right. The verdict comes last. */
function aligned(headings: readonly string[], lines: readonly Line[], paint: Paint): string[] {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...lines.map(({ cells }) => cells[i]!.length)));
  const isNumber = headings.map((heading) => ["count", "largest error", "tolerance"].includes(heading));
  const join = (cells: readonly string[]) =>
    cells.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join("  ");
  return [
    paint("dim", join(headings).trimEnd()),
    ...lines.map(({ cells, verdict: [text, colour] }) => `${join(cells)}  ${paint(colour, text)}`),
  ];
}

function number(x: number): string {
  return x === 0 || !Number.isFinite(x) ? String(x) : x.toExponential(1);
}

const codes = { red: 31, green: 32, yellow: 33, dim: 2 };

type Colour = keyof typeof codes;
type Paint = (colour: Colour, text: string) => string;

function painter(hasColour: boolean): Paint {
  return (colour, text) => (hasColour ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text);
}

function countsOf(outcomes: readonly Outcome[]) {
  const count = (verdict: Verdict) => outcomes.filter((outcome) => outcome.verdict === verdict).length;
  return {
    green: count("green"),
    short: count("short"),
    declined: count("declined"),
    unknownKind: count("unknown kind"),
    notChecked: outcomes.reduce((sum, { notChecked }) => sum + notChecked.length, 0),
  };
}
