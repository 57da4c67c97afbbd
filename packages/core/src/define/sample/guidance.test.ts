import { describe, expect, test } from "vitest";
import { constant, constantF32, scalar } from "../../ir/create";
import { hostI32 } from "../../ir/hostTensor";
import type { F32 } from "../../ir/tensor";
import { compute } from "../../run/reference/compute";
import { ditConfig } from "../dit/config";
import { autoguide, guide, guidedChannels, type Network, rescaled } from "./guidance";

const config = ditConfig(undefined, { inputSize: [2, 2], numClasses: 10 });
const x = constantF32(
  [2, 4, 2, 2],
  Array.from({ length: 32 }, (_, i) => i / 7),
);
const t = constantF32([2], [3, 3]);
const y = constant(hostI32([2], [1, 2]));

/** Puts out, in all eight channels, the input plus the label. */
const network: Network = (xt, _, labels) => {
  const label = labels.cast("f32").reshape([labels.shape[0]!, 1, 1, 1]);
  const both = xt.add(label);
  return both.pad([0, 0, 0, 0], [0, 4, 0, 0]).add(both.pad([0, 4, 0, 0], [0, 0, 0, 0]));
};
const guided = (scale: number, channels: number) => {
  const halves = guide(network, x, t, y, scalar(scale, "f32"), channels, config);
  const [conditional, unconditional, plain] = compute([halves.conditional, halves.unconditional, network(x, t, y)]);
  return { conditional: conditional!, unconditional: unconditional!, plain: plain! };
};
const channelOf = (i: number) => Math.floor(i / 4) % 8;
const sampleOf = (i: number) => Math.floor(i / 32);

describe("guidance", () => {
  test("of scale 1 is none", () => {
    for (const channels of [3, 4]) {
      const { conditional, plain } = guided(1, channels);
      conditional.forEach((value, i) => {
        expect(value).toBeCloseTo(plain[i]!, 12);
      });
    }
  });

  test.each([3, 4])("scales the difference on the first %d channels, and on no other", (channels) => {
    const { conditional, plain } = guided(4, channels);
    conditional.forEach((value, i) => {
      // The label moves the output by itself, the null label by 10: without + 4 (with - without) = with + 3 (y - 10).
      const moved = channelOf(i) < channels ? 3 * ([1, 2][sampleOf(i)]! - 10) : 0;
      expect(value).toBeCloseTo(plain[i]! + moved, 10);
    });
  });

  test("gives both halves the same guided channels, and each its own others", () => {
    const { conditional, unconditional } = guided(4, 3);
    conditional.forEach((value, i) => {
      const apart = channelOf(i) < 3 ? 0 : [1, 2][sampleOf(i)]! - 10;
      expect(value - unconditional[i]!).toBeCloseTo(apart, 10);
    });
  });

  test("of scale 0 forgets the label", () => {
    const { conditional, plain } = guided(0, 4);
    expect(conditional[0]).toBeCloseTo(plain[0]! - 1 + 10, 10);
  });

  test("acts on three channels as the official code does, or on all", () => {
    expect(guidedChannels(config, 3)).toBe(3);
    expect(guidedChannels(config, "all")).toBe(4);
    expect(guidedChannels({ ...config, inChannels: 1 }, 3)).toBe(1);
  });
});

test("the network sees the same images and timesteps twice, once with the null label", () => {
  const seen: F32[][] = [];
  const watching: Network = (xt, time, labels) => {
    seen.push([xt, time, labels.cast("f32")]);
    return network(xt, time, labels);
  };
  guide(watching, x, t, y, scalar(2, "f32"), 3, config);
  expect(seen).toHaveLength(1);
  const [images, times, labels, given] = compute([...seen[0]!, x]);
  expect([...images!]).toEqual([...given!, ...given!]);
  expect([...times!]).toEqual([3, 3, 3, 3]);
  expect([...labels!]).toEqual([1, 2, 10, 10]);
});

test("autoguidance moves away from what the weaker network puts out, on the guided channels", () => {
  const weaker: Network = (xt, time, labels) => network(xt, time, labels).mul(0.5);
  const { conditional, plain } = autoguide(network, weaker, x, t, y, scalar(3, "f32"), 3);
  const [guided, own] = compute([conditional, plain]);
  guided!.forEach((value, i) => {
    // half + 3 (whole - half) = 2 whole
    expect(value).toBeCloseTo((channelOf(i) < 3 ? 2 : 1) * own![i]!, 10);
  });
});

test("rescaling gives each image's guided channels the deviation that they had, as far as it is asked to", () => {
  const { conditional, plain } = guide(network, x, t, y, scalar(4, "f32"), 3, config);
  const stretched = conditional.mul(5);
  const [none, half, whole, before, after] = compute([
    ...[0, 0.5, 1].map((share) => rescaled(stretched, plain, share, 3)),
    plain,
    stretched,
  ]);
  const deviation = (values: ArrayLike<number>, sample: number) => {
    const own = Array.from(values).filter((_, i) => sampleOf(i) === sample && channelOf(i) < 3);
    const mean = own.reduce((a, b) => a + b) / own.length;
    return Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length);
  };
  for (const sample of [0, 1]) {
    const [from, to] = [deviation(after!, sample), deviation(before!, sample)];
    expect(from).toBeGreaterThan(2 * to);
    expect(deviation(none!, sample)).toBeCloseTo(from, 8);
    expect(deviation(half!, sample)).toBeCloseTo((from + to) / 2, 8);
    expect(deviation(whole!, sample)).toBeCloseTo(to, 8);
  }
  whole!.forEach((value, i) => {
    if (channelOf(i) >= 3) expect(value).toBe(after![i]);
  });
});
