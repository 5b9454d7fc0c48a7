import { concat, keccak256 } from 'ethers';
import type { Hex } from '../world.js';

/** A Merkle tree whose pairs are sorted before they are hashed, as OpenZeppelin's MerkleProof verifies them. */
export interface SortedMerkleTree {
  readonly root: Hex;
  proof(leaf: number): readonly Hex[];
}

/** @param leaves hashes, at least one */
export function sortedMerkleTree(leaves: readonly Hex[]): SortedMerkleTree {
  const layers: (readonly Hex[])[] = [leaves];
  for (let layer = leaves; layer.length > 1;) {
    const current = layer;
    layer = current.flatMap((left, index) => {
      if (index % 2 === 1) return [];
      const right = current[index + 1];
      return [right === undefined ? left : hashSorted(left, right)];
    });
    layers.push(layer);
  }
  return {
    root: layers.at(-1)?.[0] as Hex,
    proof(leaf) {
      let index = leaf;
      return layers.slice(0, -1).flatMap((layer) => {
        const sibling = layer[index ^ 1];
        index >>= 1;
        return sibling === undefined ? [] : [sibling];
      });
    },
  };
}

function hashSorted(a: Hex, b: Hex): Hex {
  return keccak256(a.toLowerCase() < b.toLowerCase() ? concat([a, b]) : concat([b, a])) as Hex;
}

const TREE_DEPTH = 32;

/**
 * Root of Hyperlane's append-only tree of depth 32 after these leaves: an empty place counts as zero.
 * Source: the incremental Merkle tree of the Ethereum 2.0 deposit contract.
 */
export function incrementalMerkleRoot(leaves: readonly Hex[]): Hex {
  let zero: Hex = `0x${'00'.repeat(32)}`;
  let layer = [...leaves];
  for (let depth = 0; depth < TREE_DEPTH; depth += 1) {
    const parents: Hex[] = [];
    for (let index = 0; index < layer.length; index += 2) {
      parents.push(keccak256(concat([layer[index] as Hex, layer[index + 1] ?? zero])) as Hex);
    }
    layer = parents;
    zero = keccak256(concat([zero, zero])) as Hex;
  }
  return layer[0] ?? zero;
}
