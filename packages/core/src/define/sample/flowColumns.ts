import type { FlowConfig } from "../flow/config";
import { type PathPoint, pathAt } from "../flow/path";
import { chained, type FromX, flowPredictions, ofVelocity, velocityOfImage } from "../flow/prediction";
import type { SamplerRow } from "./table";

type Columns = Pick<SamplerRow, "timestep" | "x0FromX" | "x0FromOutput" | "dFromX" | "dFromX0" | "dFromOutput">;

/**
 * What a row says of the network's call at a time of a flow: the image that the output implies, and d, which is what
 * `combine` makes of the velocity. Where images are clamped, the velocity is that towards the clamped image, but for
 * times without noise, at which x is the image.
 */
export function flowColumns(
  { path, prediction }: Pick<FlowConfig, "path" | "prediction">,
  time: number,
  clip: boolean,
  combine: (point: PathPoint) => FromX = () => ({ fromX: 0, from: 1 }),
): Columns {
  const point = pathAt(path, time);
  const velocity = flowPredictions[prediction].velocity(point);
  const image = chained(ofVelocity.image(point), velocity);
  const isOfImage = clip && point.sigma > 0;
  const d = chained(combine(point), isOfImage ? velocityOfImage(point) : velocity);
  return {
    timestep: time,
    x0FromX: image.fromX,
    x0FromOutput: image.from,
    dFromX: d.fromX,
    dFromX0: isOfImage ? d.from : 0,
    dFromOutput: isOfImage ? 0 : d.from,
  };
}
