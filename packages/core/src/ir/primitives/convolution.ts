import type { Primitive } from "../ops";
import { placesOf, requireWindow } from "../window";
import { convolutionToInput } from "./convolutionToInput";
import { convolutionToWeight } from "./convolutionToWeight";
import { requireFloat, requireSameDType } from "./rules";

export const conv2d: Primitive<"conv2d"> = {
  infer: ([x, weight], attributes, fail) => {
    requireFloat(x, fail);
    requireSameDType([x, weight], fail);
    if (x.rank !== 4) fail("needs images [N, C, H, W]");
    if (weight.rank !== 4) fail(`the weight must be [out, in, height, width], got [${weight.shape}]`);
    const [out, inner, ...window] = weight.shape as [number, number, number, number];
    if (inner !== x.shape[1]) fail(`the images have ${x.shape[1]} channels, the weight takes ${inner}`);
    const places = placesOf(x.shape, window, attributes, attributes.dilations);
    requireWindow(places, window, attributes, attributes.dilations, fail);
    return { dtype: x.dtype, shape: [x.shape[0]!, out, ...places] };
  },
  gradient: (g, [x, weight], attributes) => [
    convolutionToInput(g, weight, x.shape, attributes),
    convolutionToWeight(g, x, weight.shape, attributes),
  ],
};
