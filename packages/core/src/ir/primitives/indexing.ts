import { scatterAdd as scatter } from "../create";
import type { Primitive } from "../ops";
import { sameShape } from "../shape";
import type { I32 } from "../tensor";
import { requireDType } from "./rules";

export const gather: Primitive<"gather"> = {
  infer: ([table, indices], _, fail) => {
    requireDType(indices, "i32", "the indices", fail);
    if (table.rank < 1) fail("needs a table of at least one axis");
    return { dtype: table.dtype, shape: [...indices.shape, ...table.shape.slice(1)] };
  },
  gradient: (g, [table, indices]) => [scatter(indices as unknown as I32, g, table.shape[0]!), undefined],
};

export const scatterAdd: Primitive<"scatterAdd"> = {
  infer: ([indices, updates], { rows }, fail) => {
    requireDType(indices, "i32", "the indices", fail);
    if (!sameShape(indices.shape, updates.shape.slice(0, indices.rank)))
      fail("updates do not begin with the indices' shape");
    return { dtype: updates.dtype, shape: [rows, ...updates.shape.slice(indices.rank)] };
  },
  gradient: (g, [indices]) => [undefined, g.gather(indices as unknown as I32)],
};
