import { type FeatureRows, requireSameWidth } from "../statistics/featureRows";
import { commonCentre, eachDistance } from "./distances";

/** The `count` rows of `real` nearest to each row of `fake`, nearest first: [M][count]. */
export function nearestRows(real: FeatureRows, fake: FeatureRows, count: number): number[][] {
  requireSameWidth(real, fake);
  const found: { row: number; squared: number }[][] = Array.from({ length: fake.count }, () => []);
  eachDistance(fake, real, commonCentre(real, fake), (i, j, squared) => {
    const list = found[i]!;
    if (list.length === count && squared >= list[count - 1]!.squared) return;
    const place = list.findIndex((other) => squared < other.squared);
    list.splice(place === -1 ? list.length : place, 0, { row: j, squared });
    list.length = Math.min(list.length, count);
  });
  return found.map((list) => list.map(({ row }) => row));
}
