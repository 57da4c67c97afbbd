import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { reference } from "@dit/core";
import { formulaInception, verifiedImage } from "@dit/eval-fid";

// npm run inception-values
// Writes what `verify` of @dit/eval-fid compares with: features of the Inception network with formula weights, by the float64
// reference. The same run is checked against PyTorch's values by the parity fixture `eval-inception`.

const network = await formulaInception(reference());
const { rows } = await network.extract(verifiedImage());
const bytes = Buffer.from(Float32Array.from(rows.features!.data).buffer);
const text = `/**
 * Features of the Inception network with formula weights on the image that \`verify\` looks at, [2048]. Written by
 * \`npm run inception-values\`.
 */
export function expectedFeatures(): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

/** float32, little-endian. */
const base64 =
  "${bytes.toString("base64")}";
`;
writeFileSync(
  fileURLToPath(new URL("../packages/eval-fid/src/features/inception/expectedFeatures.ts", import.meta.url)),
  text,
);
