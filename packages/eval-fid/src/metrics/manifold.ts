import { type FeatureRows, requireSameWidth } from "../statistics/featureRows";
import { commonCentre, eachDistance, squaredDistance } from "./distances";
import { neighbourRadii } from "./neighbourRadii";

/** How the neighbourhoods of two sets overlap. Shares are from 0 to 1; density is not bounded by 1. */
export interface Manifold {
  readonly k: number;
  /** Share of fake points in the ball of a real point, whose radius is that of its k-th neighbour. */
  readonly precision: number;
  /** Share of real points in the ball of a fake point. */
  readonly recall: number;
  readonly precisionStrict: number;
  readonly recallStrict: number;
  /** Real balls that hold a fake point, divided by k; mean over fake points. Strict, as its authors have it. */
  readonly density: number;
  /** Share of real points whose ball holds a fake point. Strict. */
  readonly coverage: number;
  readonly densityInclusive: number;
  readonly coverageInclusive: number;
  /** Comparisons in which distance and radius are equal: only those tell strict from inclusive. */
  readonly ties: number;
  /** Mean over fake points of the largest radius^2 / (distance^2 + 1e-5) over real points. */
  readonly realism: number;
  /** [M] 1 where a fake point lies in a real ball. */
  readonly fakeInReal: Uint8Array;
  /** [N] 1 where a real point lies in a fake ball. */
  readonly realInFake: Uint8Array;
  /** Squared. */
  readonly radiiReal: Float64Array;
  readonly radiiFake: Float64Array;
}

const realismFloor = 1e-5;

/**
 * Precision and recall, density and coverage with balls to the k-th neighbour. Distances are compared as if all had been
 * computed by direct differences in float64. real: [N, D], fake: [M, D].
 * Source: Kynkaanniemi et al., arXiv 1904.06991; Naeem et al., arXiv 2002.09797.
 * @throws ConfigError when a set has no more than k rows
 */
export function manifold(real: FeatureRows, fake: FeatureRows, k: number): Manifold {
  requireSameWidth(real, fake);
  const centre = commonCentre(real, fake);
  const radiiReal = neighbourRadii(real, k, centre);
  const radiiFake = neighbourRadii(fake, k, centre);
  const inReal = new Uint8Array(fake.count);
  const inFake = new Uint8Array(real.count);
  const covered = new Uint8Array(real.count);
  const realism = new Float64Array(fake.count);
  let balls = 0;
  let ballsStrict = 0;
  let ties = 0;
  eachDistance(fake, real, centre, (i, j, squared, margin) => {
    const radius = radiiReal[j]!;
    const own = radiiFake[i]!;
    const isClear = Math.abs(squared - radius) > margin && Math.abs(squared - own) > margin;
    const isMostReal = radius > realism[i]! * (squared - margin + realismFloor);
    // Where every comparison is clear of rounding, the fast distance serves.
    const distance = isClear && !isMostReal ? squared : squaredDistance(fake, i, real, j);
    if (isMostReal) realism[i] = Math.max(realism[i]!, radius / (distance + realismFloor));
    if (distance === radius) ties++;
    if (distance === own) ties++;
    if (distance <= radius) {
      balls++;
      inReal[i] = inReal[i]! | inclusive;
      covered[j] = covered[j]! | inclusive;
    }
    if (distance < radius) {
      ballsStrict++;
      inReal[i] = inReal[i]! | strict;
      covered[j] = covered[j]! | strict;
    }
    if (distance <= own) inFake[j] = inFake[j]! | inclusive;
    if (distance < own) inFake[j] = inFake[j]! | strict;
  });
  return {
    ...{ k, ties, radiiReal, radiiFake },
    precision: share(inReal, inclusive),
    recall: share(inFake, inclusive),
    precisionStrict: share(inReal, strict),
    recallStrict: share(inFake, strict),
    density: ballsStrict / (k * fake.count),
    coverage: share(covered, strict),
    densityInclusive: balls / (k * fake.count),
    coverageInclusive: share(covered, inclusive),
    realism: realism.reduce((sum, x) => sum + x, 0) / fake.count,
    fakeInReal: inReal.map((flags) => flags & inclusive),
    realInFake: inFake.map((flags) => flags & inclusive),
  };
}

const inclusive = 1;
const strict = 2;

function share(flags: Uint8Array, flag: number): number {
  let count = 0;
  for (const value of flags) if ((value & flag) !== 0) count++;
  return count / flags.length;
}
