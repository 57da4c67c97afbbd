import { formatDuration } from "../output/duration";
import { formatCount, formatShort, formatValue } from "../output/formatNumber";
import { type Html, html } from "./html";
import type { ReportInput } from "./report";
import { type Point, pointsOf, quantile, smooth } from "./series";

interface Tile {
  readonly label: string;
  readonly value: string;
  readonly detail?: string | undefined;
  readonly colour?: "train" | "validation";
}

/** The figures that one asks for first. Those that a run does not have are left out. */
export function summaryTiles(input: ReportInput): Html {
  const tiles = [
    modelTile(input),
    stepsTile(input),
    lossTile(input),
    validationTile(input),
    speedTile(input),
    backendTile(input),
  ];
  return html`<dl class="card tiles">${tiles
    .filter((tile) => tile !== undefined)
    .map(({ label, value, detail, colour }) => {
      return html`<div class="tile"><dt>${label}</dt><dd class="value ${colour} ${value.length > 14 && "long"}">${value}</dd>${detail && html`<dd class="detail">${detail}</dd>`}</div>`;
    })}</dl>`;
}

/** One sentence under the title. */
export function leadSentence(input: ReportInput): string {
  const last = input.metrics.at(-1);
  const data = setting(input, "data");
  const parts = [modelName(input), data && `on ${data}`].filter(Boolean).join(" ");
  const trained = last && `${formatCount(last.step)} steps in ${formatDuration(last.seconds)}`;
  return [parts, trained].filter(Boolean).join(", ");
}

/** What a reader should know before believing the curves. */
export function automaticNotes({ metrics }: ReportInput): string[] {
  const bad = metrics.find((metric) => !Number.isFinite(metric.loss));
  return bad
    ? [`The loss is not a finite number from step ${formatCount(bad.step)} on: the run has diverged there.`]
    : [];
}

function modelTile(input: ReportInput): Tile | undefined {
  const name = modelName(input);
  const detail = input.parameters === undefined ? undefined : `${formatCount(input.parameters)} parameters`;
  return name ? { label: "Model", value: name, detail } : undefined;
}

function stepsTile(input: ReportInput): Tile | undefined {
  const last = input.metrics.at(-1);
  if (!last) return undefined;
  const planned = Number(setting(input, "train.steps"));
  const batch = setting(input, "train.batchSize");
  const detail = planned > last.step ? `of ${formatCount(planned)} planned` : batch && `batches of ${batch} images`;
  return { label: "Steps", value: formatCount(last.step), detail: detail || undefined };
}

function lossTile({ metrics }: ReportInput): Tile | undefined {
  const last = metrics.at(-1);
  if (!last) return undefined;
  if (!Number.isFinite(last.loss)) return { label: "Training loss", value: "diverged", detail: "not a finite number" };
  const value = smooth(pointsOf(metrics, "loss")).at(-1)![1];
  return { label: "Training loss", value: formatValue(value), detail: "smoothed, last step", colour: "train" };
}

function validationTile({ metrics }: ReportInput): Tile | undefined {
  const points = pointsOf(metrics, "validationLoss");
  const last = points.at(-1);
  if (!last) return undefined;
  const best = points.reduce<Point>((low, point) => (point[1] < low[1] ? point : low), last);
  const detail = best === last ? "the lowest so far" : `lowest ${formatValue(best[1])} at step ${formatCount(best[0])}`;
  return { label: "Validation loss", value: formatValue(last[1]), detail, colour: "validation" };
}

function speedTile({ metrics }: ReportInput): Tile | undefined {
  const points = pointsOf(metrics, "imagesPerSecond");
  const last = metrics.at(-1);
  if (points.length === 0 || !last) return undefined;
  return {
    label: "Images per second",
    value: formatShort(quantile(points, 0.5)),
    detail: `median; ${formatDuration(last.seconds)} in all`,
  };
}

function backendTile(input: ReportInput): Tile | undefined {
  const kind = setting(input, "backend.kind");
  const provider = setting(input, "backend.provider") ?? setting(input, "backend.device");
  return kind
    ? { label: "Backend", value: [kind, provider].filter(Boolean).join(", "), detail: input.device }
    : undefined;
}

function modelName(input: ReportInput): string | undefined {
  const preset = setting(input, "model");
  if (preset) return preset;
  const widths = input.config["model.widths"]?.value;
  if (Array.isArray(widths)) return `AutoencoderKL ${widths.join(", ")}`;
  const [width, depth, patch] = ["hiddenSize", "depth", "patchSize"].map((key) => setting(input, `model.${key}`));
  return width && depth && patch ? `DiT ${width} x ${depth}, patch ${patch}` : undefined;
}

function setting(input: ReportInput, key: string): string | undefined {
  const value = input.config[key]?.value;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
