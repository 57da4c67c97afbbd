import { median } from "./againstRoof";

/** An operation of a graph, as onnxruntime ran it. */
export interface Operation {
  /** Model path and operator, as in `blocks.3.mlp.fc1/MatMul_81`. */
  readonly name: string;
  readonly operator: string;
  /** Of its inputs and outputs, as in `[256,384] [384,1536] -> [256,1536]`. */
  readonly shapes: string;
  /** Median of its runs. */
  readonly milliseconds: number;
}

/** What an event of a trace says. */
interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly TypedShape[];
    readonly output_type_shape?: readonly TypedShape[];
  };
}

/** As in `{ "float": [256, 384] }`. */
type TypedShape = Readonly<Record<string, readonly number[]>>;

/** The operations in a trace that onnxruntime wrote. A loop is what its body is. */
export function operationsOf(trace: string): Operation[] {
  const suffix = "_kernel_time";
  const runs = new Map<string, TraceEvent[]>();
  for (const event of JSON.parse(trace) as TraceEvent[]) {
    if (event.cat !== "Node" || !event.name.endsWith(suffix) || event.args.op_name === "Loop") continue;
    const name = event.name.slice(0, -suffix.length);
    runs.set(name, [...(runs.get(name) ?? []), event]);
  }
  return [...runs].map(([name, events]) => {
    const { op_name: operator = "", input_type_shape: inputs, output_type_shape: outputs } = events[0]!.args;
    const milliseconds = median(events.map(({ dur }) => dur)) / 1000;
    return { name, operator, shapes: `${shapesOf(inputs)} -> ${shapesOf(outputs)}`, milliseconds };
  });
}

/** By what operations are added up. */
export const groupings: Readonly<Record<string, (operation: Operation) => string>> = {
  operator: ({ operator }) => operator,
  kernel: ({ operator, shapes }) => `${operator} ${shapes}`,
  // Blocks of the same make are one.
  module: ({ name }) =>
    name.includes("/") ? name.replace(/\/[^/]*$/, "").replace(/^(\w+)\.\d+(?=\.|$)/, "$1.*") : "(none)",
};

function shapesOf(shapes: readonly TypedShape[] = []): string {
  return shapes.map((shape) => `[${Object.values(shape)[0]}]`).join(" ");
}
