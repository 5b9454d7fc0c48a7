/**
 * Uniform numbers in [0, 1) from a seed: the same ones everywhere and for ever.
 *
 * Source: FNV-1a to spread the seed over 32 bits, then Marsaglia's xorshift32 (2003).
 */
export function seededUniforms(seed: string, count: number): number[] {
  let state = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193) >>> 0;
  if (state === 0) state = 0x9e3779b9;
  return Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state / 2 ** 32;
  });
}
