import { keccak256 } from 'ethers/crypto';
import { concat } from 'ethers/utils';
import type { Hex } from './types.js';

/** A node over two others, in the order of their values, as OpenZeppelin's MerkleProof wants it. */
function join(a: Hex, b: Hex): Hex {
  return keccak256(BigInt(a) < BigInt(b) ? concat([a, b]) : concat([b, a])) as Hex;
}

function levels(leaves: readonly Hex[]): readonly (readonly Hex[])[] {
  const all: Hex[][] = [[...leaves]];
  for (let level = all[0]!; level.length > 1; level = all.at(-1)!) {
    const next: Hex[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at]!, level[at + 1]];
      // One that is left over goes up as it is.
      next.push(right === undefined ? left : join(left, right));
    }
    all.push(next);
  }
  return all;
}

/**
 * Root of a Merkle tree with sorted pairs; of one leaf the leaf itself.
 *
 * @throws RangeError without leaves
 */
export function merkleRoot(leaves: readonly Hex[]): Hex {
  const root = levels(leaves).at(-1)![0];
  if (root === undefined) throw new RangeError('A Merkle tree has at least one leaf.');
  return root;
}

/** What leads from the leaf at `index` to the root; empty when there is one leaf only. */
export function merkleProof(leaves: readonly Hex[], index: number): readonly Hex[] {
  const proof: Hex[] = [];
  let at = index;
  for (const level of levels(leaves)) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) proof.push(sibling);
    at >>= 1;
  }
  return proof;
}
