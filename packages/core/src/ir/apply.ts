import { composites } from "./composites/table";
import type { DType } from "./dtype";
import { ShapeError } from "./errors";
import type {
  AttributesOf,
  CompositeName,
  Fail,
  GradientRule,
  InputsOf,
  OpName,
  PrimitiveName,
  TensorType,
} from "./ops";
import { primitives } from "./primitives/table";
import { currentScope } from "./scope";
import { Tensor } from "./tensor";

/**
 * Makes the node of one operation, its type inferred by the operation's rule.
 * The dtype parameter is the caller's promise; the rule and `verify` hold the callers in this package to it.
 * @throws ShapeError with the model path when the inputs do not fit
 */
export function apply<O extends OpName, D extends DType = DType>(
  op: O,
  inputs: InputsOf<O>,
  attributes: AttributesOf<O>,
): Tensor<D> {
  const scope = scopeOf(inputs);
  const { dtype, shape } = infer(op, inputs, attributes, scope);
  return new Tensor(op, inputs, attributes, dtype as D, shape, scope);
}

/** The current model path, made exact by the parameter that the operation reads: `blocks.3` becomes `blocks.3.attn.qkv`. */
function scopeOf(inputs: readonly Tensor[]): string {
  const scope = currentScope();
  if (scope === "") return scope;
  for (const x of inputs) {
    const source = x.is("slice") || x.is("reshape") ? x.inputs[0] : x;
    if (!source.is("input")) continue;
    const { name } = source.attributes;
    const start = name.indexOf(`${scope}.`);
    if (start !== -1) return name.slice(start, name.lastIndexOf("."));
  }
  return scope;
}

/** The output type of an operation, checked. */
export function infer<O extends OpName>(op: O, inputs: InputsOf<O>, attributes: AttributesOf<O>, scope: string) {
  const fail: Fail = (problem) => {
    const types = inputs.map((x) => `${x.dtype}[${x.shape}]`).join(", ");
    throw new ShapeError(`ShapeError in ${scope === "" ? "the graph" : scope}: ${op}(${types}): ${problem}`);
  };
  return definition(op).infer(inputs, attributes, fail);
}

/** What primitives and composites have in common. */
interface Definition<O extends OpName> {
  infer(inputs: InputsOf<O>, attributes: AttributesOf<O>, fail: Fail): TensorType;
  readonly gradient?: GradientRule<O> | "none";
}

/** The row of the tables that defines `op`. */
export function definition<O extends OpName>(op: O): Definition<O> {
  return (isComposite(op) ? composites[op] : primitives[op as PrimitiveName]) as unknown as Definition<O>;
}

export function isComposite(op: OpName): op is CompositeName {
  return op in composites;
}
