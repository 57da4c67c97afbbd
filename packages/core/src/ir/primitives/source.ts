import type { Primitive } from "../ops";

export const input: Primitive<"input"> = {
  infer: (_, { type }) => type,
  gradient: "none",
};

export const constant: Primitive<"constant"> = {
  infer: (_, { value }) => ({ dtype: value.dtype, shape: value.shape }),
  gradient: "none",
};
