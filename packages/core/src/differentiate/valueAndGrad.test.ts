import { expect, test } from "vitest";
import { input } from "../ir/create";
import { compute } from "../run/reference/compute";
import { valueAndGrad } from "./valueAndGrad";

const leaf = (name: string, ...shape: number[]) => input(name, { dtype: "f32", shape });
const variables = {
  layers: [{ weight: leaf("a", 2) }, { weight: leaf("b", 2) }],
  scale: leaf("s"),
  unused: leaf("u", 3),
};
const given = new Map([
  [variables.layers[0]!.weight, [1, 2]],
  [variables.layers[1]!.weight, [3, 4]],
  [variables.scale, [10]],
  [variables.unused, [0, 0, 0]],
]);

test("the gradient is a tree of the same nesting, with zeros for what is not used", () => {
  const { value, gradients } = valueAndGrad(({ layers: [first, second], scale }) => {
    const product = first!.weight.mul(second!.weight);
    return { loss: product.sum().mul(scale), product };
  }, variables);
  const leaves = [
    value.loss,
    value.product,
    gradients.layers[0]!.weight,
    gradients.layers[1]!.weight,
    gradients.scale,
    gradients.unused,
  ];
  expect(compute(leaves, given).map((values) => [...values])).toEqual([
    [110],
    [3, 8],
    [30, 40],
    [10, 20],
    [11],
    [0, 0, 0],
  ]);
});

test("the loss must be a scalar", () => {
  expect(() => valueAndGrad(({ scale, unused }) => ({ loss: unused.mul(scale) }), variables)).toThrow(
    "the loss must be a scalar, got shape [3]",
  );
});
