/**
 * Image A of the fixtures' README, [height, width, 3] bytes. (Image B is `formulaImage` of @dit/eval-fid, which `verify`
 * needs too.)
 */
export function formulaImageA(height: number, width: number): Uint8Array {
  const out = new Uint8Array(height * width * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) out[at++] = x * (3 + c) + y * (5 - c) + ((x * y) >> (2 + c));
    }
  }
  return out;
}
