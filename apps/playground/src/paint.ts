import type { HostTensor } from "@dit/core";

/** Paints images [N, C, I, J] in [-1, 1], grey or coloured, `columns` to a row. */
export function paint(canvas: HTMLCanvasElement, { shape, data }: HostTensor<"f32">, columns: number): void {
  const [count, channels, height, width] = shape as readonly [number, number, number, number];
  const size = { width: columns * width, height: Math.ceil(count / columns) * height };
  // Setting a size clears the canvas, which would flicker.
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const context = canvas.getContext("2d")!;
  const plane = height * width;
  for (let n = 0; n < count; n++) {
    const picture = new ImageData(width, height);
    for (let i = 0; i < plane; i++) {
      for (let c = 0; c < 3; c++) {
        const x = data[(n * channels + Math.min(c, channels - 1)) * plane + i]!;
        picture.data[4 * i + c] = Math.round((x + 1) * 127.5); // which the array clamps to a byte
      }
      picture.data[4 * i + 3] = 255;
    }
    context.putImageData(picture, (n % columns) * width, Math.floor(n / columns) * height);
  }
}
