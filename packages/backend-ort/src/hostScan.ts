import { hostZeros, type Tensor } from "@dit/core";
import { hostLoop, isDeviceTensor, type LoopDevice, stepGraph } from "@dit/core/internal";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { lowerGraph } from "./lower/lowerGraph";
import type { CompileScan } from "./scan";

/** A value of the runtime, and whether it is somebody else's when the loop lets go of it. */
interface Held {
  readonly value: RuntimeTensor;
  readonly isBorrowed: boolean;
}

/** A scan as a loop on the host: each step is a run of a session, and the carry stays in the device's memory. */
export const compileSteps: CompileScan = async ({ target, sessions, tensors, transfers }, scan, bound) => {
  const step = stepGraph(scan);
  const model = lowerGraph(step, bound, target);
  const session = await sessions.open(model);
  const nameOf = new Map<Tensor, string>(step.inputs.map(({ name, tensor }) => [tensor, name]));
  const own = (value: RuntimeTensor): Held => ({ value, isBorrowed: false });
  return {
    async run(inputs) {
      const device = {
        take: async (feed) =>
          isDeviceTensor(feed)
            ? { value: tensors.runtimeTensor(feed), isBorrowed: true }
            : own(await tensors.place(feed)),
        lend: (host) => own(tensors.lend(host)),
        run: async (values) => {
          const feeds = [...values].map(([tensor, { value }]) => [nameOf.get(tensor)!, value] as const);
          const outputs = await session.run(Object.fromEntries(feeds));
          return model.graph.outputs.map(({ name }) => own(outputs[name]!));
        },
        stack: async (rows, type) => {
          const empty = hostZeros(type.dtype, [0, ...type.shape]);
          return own(await (rows.length === 0 ? tensors.place(empty) : transfers.stack(rows.map(tensorOf), type)));
        },
        free: ({ value, isBorrowed }) => {
          if (!isBorrowed) value.dispose();
        },
      } satisfies LoopDevice<Held>;
      const { carry, ys } = await hostLoop<Held>(device, scan, inputs);
      // After no step the carry is still the caller's, which is freed when this run is over.
      const last = carry.map(({ value, isBorrowed }, i) =>
        isBorrowed ? transfers.upload(value, scan.carry[i]!.tensor.dtype) : value,
      );
      return { carry: await Promise.all(last), ys: ys.map(tensorOf) };
    },
    close: () => session.close(),
  };
};

function tensorOf({ value }: Held): RuntimeTensor {
  return value;
}
