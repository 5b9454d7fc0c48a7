/** Atoms of a token of `from` decimals as atoms of one of `to` decimals, rounded down. */
export function rescaleAtoms(atoms: bigint, from: number, to: number): bigint {
  return to >= from ? atoms * 10n ** BigInt(to - from) : atoms / 10n ** BigInt(from - to);
}
