import { ditBlock, ditBlockSpec } from "./block";
import { blockVariant } from "./blockVariants";
import { summed } from "./conditioning";
import { finalLayer, finalLayerSpec, plainFinalLayer } from "./finalLayer";
import { inContextBlock } from "./inContextBlock";

// Checked by tsc: each line under an expected error must not compile. Nothing here runs.

const row = {
  condition: summed,
  isAppended: false,
  norms: 2,
  spec: ditBlockSpec,
  block: ditBlock,
  finalSpec: finalLayerSpec,
  final: finalLayer,
  multiplyAdds: () => ({ block: 0, final: 0 }),
};

export const rows = [
  blockVariant(row),
  // @ts-expect-error a block that reads norms which the spec does not state
  blockVariant({ ...row, block: inContextBlock }),
  // @ts-expect-error a final layer that does
  blockVariant({ ...row, final: plainFinalLayer }),
];
