const size = 624;
const middle = 397;

/**
 * 0 to `count` - 1 in the order of `numpy.random.RandomState(seed).permutation(count)`, whose stream NumPy keeps for good:
 * torch-fidelity shuffles with it. The Mersenne Twister, and a shuffle from the last place to the second.
 * Source: M. Matsumoto, T. Nishimura, Mersenne Twister, 1998; NumPy, NEP 19.
 */
export function numpyPermutation(seed: number, count: number): Int32Array {
  const next = mersenneTwister(seed);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    // Words are cut to as many bits as i has, and drawn again while they are larger.
    const mask = 0xffffffff >>> Math.clz32(i);
    let j = next() & mask;
    while (j > i) j = next() & mask;
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Words of 32 bits, signed as JavaScript's bitwise operations have them. */
function mersenneTwister(seed: number): () => number {
  const state = new Int32Array(size);
  state[0] = seed;
  for (let i = 1; i < size; i++) {
    const before = state[i - 1]!;
    state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
  }
  let at = size;
  return () => {
    if (at === size) {
      renew(state);
      at = 0;
    }
    let word = state[at++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return word ^ (word >>> 18);
  };
}

function renew(state: Int32Array): void {
  for (let i = 0; i < size; i++) {
    const joined = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff);
    state[i] = state[(i + middle) % size]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}
