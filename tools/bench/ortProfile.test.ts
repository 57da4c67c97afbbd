import { expect, test } from "vitest";
import { groupings, operationsOf } from "./ortProfile";

const event = (name: string, operator: string, dur: number) => ({
  cat: "Node",
  name: `${name}_kernel_time`,
  dur,
  args: {
    op_name: operator,
    input_type_shape: [{ float: [2, 3] }, { int64: [] }],
    output_type_shape: [{ float: [6] }],
  },
});

test("a trace becomes operations with the median of their runs, without the loops around them", () => {
  const other = { ...event("blocks.3.attn/Reshape_8", "Reshape", 9), name: "blocks.3.attn/Reshape_8_fence_before" };
  const reshapes = [5000, 1000, 2000].map((dur) => event("blocks.3.attn/Reshape_8", "Reshape", dur));
  const trace = [{ cat: "Session", name: "model_run", dur: 1 }, event("train", "Loop", 9000), other, ...reshapes];
  const [operation, ...others] = operationsOf(JSON.stringify(trace));
  expect(others).toEqual([]);
  const expected = { name: "blocks.3.attn/Reshape_8", operator: "Reshape", shapes: "[2,3] [] -> [6]", milliseconds: 2 };
  expect(operation).toEqual(expected);
  expect(Object.values(groupings).map((group) => group(expected))).toEqual([
    "Reshape",
    "Reshape [2,3] [] -> [6]",
    "blocks.*.attn",
  ]);
});
