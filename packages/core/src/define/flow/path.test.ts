import { describe, expect, test } from "vitest";
import { type PathName, pathAt, paths, scoreFactor } from "./path";
import {
  chained,
  type FlowPredictionType,
  type FromX,
  flowPredictions,
  ofVelocity,
  velocityOfImage,
} from "./prediction";
import { flowWeightings } from "./weighting";

const names = Object.keys(paths) as PathName[];
const times = [0.05, 0.3, 0.625, 0.97];
const read = ({ fromX, from }: FromX, x: number, value: number) => fromX * x + from * value;

describe.each(names)("the %s path", (name) => {
  test("moves as fast as its derivatives say", () => {
    const h = 1e-5;
    for (const time of times) {
      const [before, at, after] = [time - h, time, time + h].map((t) => pathAt(name, t));
      expect(at!.dAlpha).toBeCloseTo((after!.alpha - before!.alpha) / (2 * h), 6);
      expect(at!.dSigma).toBeCloseTo((after!.sigma - before!.sigma) / (2 * h), 6);
    }
  });

  test("leads from noise to data", () => {
    const [start, end] = [pathAt(name, 0), pathAt(name, 1)];
    expect(start.alpha).toBeLessThan(0.01);
    expect(start.sigma).toBeCloseTo(1, 4);
    expect(end.alpha).toBe(1);
    expect(end.sigma).toBe(0);
  });

  test.each(["velocity", "noise", "score"] as const)(
    "gives back image, noise and velocity from a right %s",
    (type: FlowPredictionType) => {
      const [image, noise] = [0.7, -1.3];
      for (const time of times) {
        const point = pathAt(name, time);
        const x = point.alpha * image + point.sigma * noise;
        const velocity = point.dAlpha * image + point.dSigma * noise;
        const output = { velocity, noise, score: -noise / point.sigma }[type];
        const toVelocity = flowPredictions[type].velocity(point);
        expect(read(toVelocity, x, output)).toBeCloseTo(velocity, 9);
        expect(read(chained(ofVelocity.image(point), toVelocity), x, output)).toBeCloseTo(image, 9);
        expect(read(chained(ofVelocity.noise(point), toVelocity), x, output)).toBeCloseTo(noise, 9);
        expect(read(chained(ofVelocity.score(point), toVelocity), x, output)).toBeCloseTo(-noise / point.sigma, 8);
        expect(read(velocityOfImage(point), x, image)).toBeCloseTo(velocity, 9);
        const { fromOutput, fromImage, fromNoise } = flowPredictions[type].residual(point);
        expect(fromOutput * output - fromImage * image - fromNoise * noise).toBeCloseTo(0, 12);
      }
    },
  );

  test("weights the error of the noise as that of the velocity, or by the score", () => {
    for (const time of times) {
      const point = pathAt(name, time);
      // By how much a wrong noise makes the velocity wrong, from the conversion; nothing of the weighting's own formula.
      const asVelocity = flowPredictions.noise.velocity(point).from ** 2;
      expect(flowWeightings.velocity(point) / asVelocity).toBeCloseTo(1, 9);
      // Song et al. 2021: the error of the score, that of the noise over sigma, times the squared diffusion, here halved.
      expect(flowWeightings.likelihood(point)).toBeCloseTo(scoreFactor(point) / point.sigma ** 2, 12);
    }
  });
});

test("vp is the variance-preserving process with linear beta: its score factor is half of beta", () => {
  for (const time of times) expect(scoreFactor(pathAt("vp", time))).toBeCloseTo((0.1 + (1 - time) * 19.9) / 2, 9);
});
