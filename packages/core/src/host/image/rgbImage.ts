/** A decoded picture: 8 bits a channel, rows of red, green, blue. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Colour to grey by the weights of ITU-R 601, in the integer arithmetic of PIL's `convert("L")`, so that Python tools see the same bytes. */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
