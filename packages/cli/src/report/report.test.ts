import { Script } from "node:vm";
import { describe, expect, it } from "vitest";
import { encodePng } from "../images/png";
import type { Metric } from "../run/metrics";
import { type ReportInput, renderReport } from "./report";

const png = encodePng({ width: 4, height: 4, channels: 1, data: new Uint8Array(16) });
const metrics: Metric[] = Array.from({ length: 50 }, (_, i) => ({
  step: (i + 1) * 10,
  loss: 1 / (i + 1),
  gradNorm: 1,
  learningRate: 1e-4,
  imagesPerSecond: 1200 + i,
  seconds: i,
  ...(i % 10 === 9 ? { validationLoss: 0.5 - i / 1000 } : {}),
}));

const full: ReportInput = {
  name: "digits-s4",
  config: {
    name: { value: "digits-s4", source: "flag --name" },
    data: { value: "digits", source: "default" },
    model: { value: "DiT-S/4", source: "default" },
    "train.steps": { value: 1000, source: "--set" },
    "train.gradientClip": { value: null, source: "default" },
    "backend.kind": { value: "ort", source: "default" },
  },
  env: { Node: "20.19.0" },
  metrics,
  samples: [0, 250, 500].map((step) => ({ step, caption: `at ${step}`, png })),
  checkpoints: [{ step: 500, path: "checkpoints/step-000500", best: true, bytes: 4e8, validationLoss: 0.45 }],
  notes: ["Stopped early."],
  parameters: 32_945_024,
};

const empty: ReportInput = { name: "x", config: {}, env: {}, metrics: [], samples: [], checkpoints: [], notes: [] };

/** Checks that elements nest and close, as far as needed to know that no text has broken the page. Returns the names of all elements. */
function parse(page: string): string[] {
  const voids = ["meta", "img", "input", "hr", "path", "!doctype"];
  const body = page.replace(/(<(script|style)\b[^>]*>)[\s\S]*?(<\/\2>)/g, "$1$3");
  const open: string[] = [];
  const names: string[] = [];
  for (const [tag, slash, name] of body.matchAll(
    /<(\/?)([a-zA-Z!][a-zA-Z0-9]*)(?:\s+[\w-]+(?:="[^"<>]*")?)*\s*\/?>/g,
  )) {
    if (slash) {
      expect(open.pop(), tag).toBe(name);
      continue;
    }
    names.push(name!);
    if (!voids.includes(name!)) open.push(name!);
  }
  expect(open).toEqual([]);
  // Whatever still looks like a tag was not well-formed.
  const rest = body.replace(/<\/?[a-zA-Z!][a-zA-Z0-9]*(?:\s+[\w-]+(?:="[^"<>]*")?)*\s*\/?>/g, "");
  expect(rest).not.toMatch(/[<>]/);
  return names;
}

describe("renderReport", () => {
  const page = renderReport(full);

  it("is one well-formed page", () => {
    const names = parse(page);
    expect(names.filter((name) => name === "svg")).toHaveLength(2 + 3);
    // Final picture, viewer, and three thumbnails.
    expect(names.filter((name) => name === "img")).toHaveLength(5);
    parse(renderReport(empty));
  });

  it("asks nobody for anything", () => {
    for (const address of page.matchAll(/\b(?:src|href|action|data|poster)="([^"]*)"/g))
      expect(address[1]).toMatch(/^data:image\/png;base64,/);
    expect(page).not.toMatch(/https?:|@import|url\(|<link|<iframe|fetch\(|XMLHttpRequest|import\(/);
    expect(page).toContain("default-src 'none'");
  });

  it("shows the figures of the run", () => {
    for (const text of [
      "DiT-S/4",
      "32,945,024 parameters",
      "of 1,000 planned",
      "0.451",
      "the lowest so far",
      "dit train --resume runs/digits-s4",
      "step-000500",
      "400.0 MB",
      "Stopped early.",
      "flag --name",
      "20.19.0",
    ])
      expect(page).toContain(text);
  });

  it("has a script that compiles and data that it can read", () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
    expect(() => new Script(script)).not.toThrow();
    const data = JSON.parse(/id="data">([\s\S]*?)<\/script>/.exec(page)![1]!);
    expect(data.map((chart: { id: string }) => chart.id)).toEqual(["loss", "gradient", "rate", "speed"]);
    expect(data[0].ranges).toHaveProperty("log");
  });

  it("escapes everything that comes from outside", () => {
    const evil = `</script><img src=x onerror="alert(1)">'&`;
    const attacked = renderReport({
      ...full,
      name: evil,
      config: { [evil]: { value: evil, source: evil }, [`train.${evil}`]: { value: [evil], source: evil } },
      env: { [evil]: evil },
      samples: [
        { step: 1, caption: evil, png },
        { step: 2, caption: evil, png },
      ],
      finalCaption: evil,
      checkpoints: [{ step: 1, path: evil }],
      notes: [evil],
      device: evil,
      commands: [{ title: evil, command: evil }],
    });
    expect(attacked).not.toContain("<img src=x");
    expect(attacked).not.toContain('onerror="');
    parse(attacked);
  });

  it("says so when nothing was measured, and when a run diverged", () => {
    expect(renderReport(empty)).toContain("Nothing has been measured yet");
    const diverged = renderReport({ ...full, metrics: [...metrics, { step: 510, loss: Number.NaN, seconds: 51 }] });
    expect(diverged).toContain("not a finite number from step 510 on");
    expect(diverged).not.toMatch(/[="\s]NaN/);
    expect(renderReport({ ...full, metrics: [{ step: 1, loss: Number.NaN, seconds: 1 }] })).toContain("diverged");
  });

  it("takes one line of metrics, negative losses and zeros", () => {
    parse(renderReport({ ...full, metrics: metrics.slice(0, 1) }));
    const odd = renderReport({ ...full, metrics: [0, -1, 0.5].map((loss, i) => ({ step: i + 1, loss, seconds: i })) });
    expect(odd).not.toMatch(/[ ML"]NaN|Infinity/);
  });

  it("stays small however long the run and however many the samples", () => {
    const long = Array.from({ length: 200_000 }, (_, i) => ({
      step: i + 1,
      loss: 1 / (i + 1),
      gradNorm: i % 7,
      seconds: i,
    }));
    const many = Array.from({ length: 300 }, (_, step) => ({ step, caption: "", png }));
    const big = renderReport({ ...full, metrics: long, samples: many });
    expect(big.length).toBeLessThan(300_000);
    expect(big).toContain("40 of 300");
  });
});
