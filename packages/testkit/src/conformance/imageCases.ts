import type { AttributesOf } from "@dit/core/internal";
import { type CaseInput, real } from "./caseInputs";

// Uses of operations on images [N, C, H, W], of sizes in which height and width, before and after, are told apart.

type Convolution = AttributesOf<"conv2d">;
type Pool = AttributesOf<"maxPool2d">;

const plain: Convolution = {
  strides: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
  dilations: [1, 1],
};

/** Each with a bias, which plain convolutions leave out. */
export const convolutionCases = [
  convolution("one image, one channel", [1, 1, 3, 4], [1, 1, 2, 3]),
  convolution("channels", [2, 3, 4, 3], [2, 3, 3, 2]),
  convolution("kernels of 1", [2, 3, 2, 3], [4, 3, 1, 1]),
  convolution("kernels of 1, with strides", [1, 2, 4, 5], [3, 2, 1, 1], { strides: [2, 3] }),
  convolution("kernels as large as the image", [2, 2, 2, 3], [3, 2, 2, 3]),
  convolution("padding", [1, 2, 3, 4], [2, 2, 3, 3], { padding: both(1) }),
  convolution("another padding on each side", [1, 2, 3, 3], [2, 2, 2, 3], {
    padding: [
      [0, 2],
      [1, 0],
    ],
  }),
  convolution("more padding than kernel", [1, 1, 2, 2], [1, 1, 2, 1], { padding: both(2) }),
  convolution("strides", [1, 2, 5, 6], [2, 2, 2, 2], { strides: [2, 3] }),
  convolution("strides that leave cells over", [1, 1, 6, 6], [1, 1, 3, 2], { strides: [2, 3] }),
  convolution("halving, padded below and right", [1, 2, 4, 6], [2, 2, 3, 3], {
    strides: [2, 2],
    padding: [
      [0, 1],
      [0, 1],
    ],
  }),
  convolution("strides larger than kernels", [1, 1, 7, 5], [1, 1, 2, 1], { strides: [3, 2] }),
  convolution("dilations", [1, 2, 5, 4], [2, 2, 3, 2], { dilations: [2, 3] }),
  convolution("strides and dilations", [1, 1, 8, 7], [1, 1, 2, 3], {
    strides: [3, 2],
    padding: both(1),
    dilations: [2, 2],
  }),
];

export const plainConvolutionCases = convolutionCases.map(({ about, inputs: [x, weight], attributes }) => ({
  about,
  inputs: [x, weight] as const,
  attributes,
}));

function convolution(about: string, x: readonly number[], weight: readonly number[], moves: Partial<Convolution> = {}) {
  const inputs = [real(x), real(weight), real([weight[0]!])] as const;
  return { about, inputs, attributes: { ...plain, ...moves } };
}

export function poolCases(draw: (shape: readonly number[]) => CaseInput) {
  const pool = (about: string, shape: readonly number[], attributes: Pool) => ({
    about,
    inputs: [draw(shape)] as const,
    attributes,
  });
  return [
    pool("halving", [2, 2, 4, 6], { window: [2, 2], strides: [2, 2], padding: both(0) }),
    pool("windows that overlap", [1, 2, 5, 7], { window: [3, 3], strides: [2, 2], padding: both(0) }),
    pool("padding", [1, 2, 3, 4], { window: [3, 3], strides: [1, 1], padding: both(1) }),
    pool("another padding on each side", [1, 1, 4, 5], {
      window: [3, 2],
      strides: [2, 1],
      padding: [
        [2, 0],
        [0, 1],
      ],
    }),
    pool("strides larger than windows", [1, 1, 5, 7], { window: [1, 2], strides: [2, 3], padding: both(0) }),
    pool("the whole image", [2, 3, 2, 3], { window: [2, 3], strides: [1, 1], padding: both(0) }),
  ];
}

export const meanPoolCases = [false, true].flatMap((countsPadding) =>
  poolCases(real).map(({ about, inputs, attributes }) => ({
    about: countsPadding ? `${about}, counting the padding` : about,
    inputs,
    attributes: { ...attributes, countsPadding },
  })),
);

export const upsamplingCases = [
  { about: "twofold", inputs: [real([2, 2, 3, 2])] as const, attributes: { factor: 2 } },
  { about: "threefold", inputs: [real([1, 1, 2, 3])] as const, attributes: { factor: 3 } },
];

export const groupNormCases = [
  grouped("images", [2, 4, 3, 2], 2),
  grouped("one group", [2, 3, 2, 2], 1),
  grouped("each channel by itself", [1, 3, 2, 3], 3),
  grouped("a large epsilon", [2, 4, 2, 2], 2, 0.1),
];

function grouped(about: string, shape: readonly number[], groups: number, epsilon = 1e-6) {
  const channels = [shape[1]!];
  return { about, inputs: [real(shape), real(channels), real(channels)] as const, attributes: { groups, epsilon } };
}

function both(padding: number): Pool["padding"] {
  return [
    [padding, padding],
    [padding, padding],
  ];
}
