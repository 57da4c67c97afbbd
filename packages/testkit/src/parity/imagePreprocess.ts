import type { Backend } from "@dit/core";
import { fitSquare, type RgbImage, resize } from "@dit/core/internal";
import { absolute, type Findings } from "./check";
import type { Fixture, Values } from "./fixture";

/** The training crop, and the two filters that it is made with, against Pillow's. Pictures are [H, W, 3], bytes. */
export async function imagePreprocess(fixture: Fixture, _: Backend, findings: Findings): Promise<void> {
  for (const [i, { image_size: size }] of fixture.setting<readonly { image_size: number }[]>("cases").entries()) {
    const image = imageOf(fixture.stored(`${i}.input`));
    const [width, height] = [image.width, image.height];
    compareBytes(findings, fixture, `${i}.crop${size}`, fitSquare(image, size));
    compareBytes(findings, fixture, `${i}.bicubic`, resize(image, floor34(width), floor34(height), "bicubic"));
    findings.compare("box", `${i}.box`, valuesOf(resize(image, width >> 1, height >> 1, "box")));
    findings.compare("normalized", `${i}.normalized`, normalized(imageOf(fixture.stored(`${i}.crop${size}`))));
  }
}

/** Bicubic pictures may be a level off in one value of a hundred. */
function compareBytes(findings: Findings, fixture: Fixture, name: string, ours: RgbImage): void {
  findings.compare(name.includes("crop") ? "crop" : "bicubic", name, valuesOf(ours));
  const stored = fixture.stored(name).data;
  const differing = ours.data.reduce((count, value, i) => count + (value === stored[i] ? 0 : 1), 0);
  findings.note("share of values a level off", absolute(0.01), differing / ours.data.length, name);
}

/** The network's input: channels first, bytes 0..255 as -1..1. */
function normalized({ width, height, data }: RgbImage): Values {
  const area = width * height;
  const planes = Float64Array.from({ length: 3 * area }, (_, i) => data[(i % area) * 3 + Math.floor(i / area)]!);
  return { shape: [3, height, width], data: planes.map((byte) => (byte / 255 - 0.5) / 0.5) };
}

function floor34(side: number): number {
  return Math.floor((side * 3) / 4);
}

function imageOf({ shape: [height = 0, width = 0], data }: Values): RgbImage {
  return { width, height, data: Uint8Array.from(data) };
}

function valuesOf({ width, height, data }: RgbImage): Values {
  return { shape: [height, width, 3], data };
}
