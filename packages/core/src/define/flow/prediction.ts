import { type PathPoint, scoreFactor } from "./path";

/** A linear combination of x_t and something else: the network's output, or the velocity. */
export interface FromX {
  readonly fromX: number;
  readonly from: number;
}

/**
 * What a network may predict of a path, as two linear relations at each of its points: velocity = fromX * x_t + from *
 * output, and the residual that training makes small, fromOutput * output - (fromImage * image + fromNoise * noise). A
 * new prediction type is a new row.
 */
export interface FlowPrediction {
  velocity(point: PathPoint): FromX;
  residual(point: PathPoint): Residual;
}

export interface Residual {
  readonly fromOutput: number;
  readonly fromImage: number;
  readonly fromNoise: number;
}

export const flowPredictions = {
  /** The velocity dx_t/dt. */
  velocity: {
    velocity: () => ({ fromX: 0, from: 1 }),
    residual: ({ dAlpha, dSigma }) => ({ fromOutput: 1, fromImage: dAlpha, fromNoise: dSigma }),
  },
  /** The noise in x_t. */
  noise: {
    velocity: ({ alpha, sigma, dAlpha, dSigma }) => ({
      fromX: dAlpha / alpha,
      from: dSigma - (dAlpha / alpha) * sigma,
    }),
    residual: () => ({ fromOutput: 1, fromImage: 0, fromNoise: 1 }),
  },
  /** The score, the gradient of the log density of x_t: -noise / sigma. */
  score: {
    velocity: (point) => ({ fromX: point.dAlpha / point.alpha, from: scoreFactor(point) }),
    residual: ({ sigma }) => ({ fromOutput: sigma, fromImage: 0, fromNoise: -1 }),
  },
} as const satisfies Record<string, FlowPrediction>;

export type FlowPredictionType = keyof typeof flowPredictions;

/** The image, the noise and the score that a velocity at x_t implies, each fromX * x_t + from * velocity. */
export const ofVelocity = {
  image: (point) => over(turning(point), -point.dSigma, point.sigma),
  noise: (point) => over(turning(point), point.dAlpha, -point.alpha),
  score: (point) => over(point.sigma * turning(point), -point.dAlpha, point.alpha),
} as const satisfies Record<string, (point: PathPoint) => FromX>;

/** The velocity that an image implies at x_t, as fromX * x_t + from * image. It has no value where there is no noise. */
export function velocityOfImage({ alpha, sigma, dAlpha, dSigma }: PathPoint): FromX {
  return { fromX: dSigma / sigma, from: dAlpha - (alpha * dSigma) / sigma };
}

/** The determinant of (image, noise) -> (velocity, x_t). It is positive: a path leaves the noise for the image. */
function turning({ alpha, sigma, dAlpha, dSigma }: PathPoint): number {
  return dAlpha * sigma - alpha * dSigma;
}

function over(divisor: number, fromX: number, from: number): FromX {
  return { fromX: fromX / divisor, from: from / divisor };
}

/** `outer` read at a velocity that is itself `inner` of something: both as one combination. */
export function chained(outer: FromX, inner: FromX): FromX {
  return { fromX: outer.fromX + outer.from * inner.fromX, from: outer.from * inner.from };
}
