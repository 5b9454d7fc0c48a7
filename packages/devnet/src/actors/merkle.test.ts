import fc from 'fast-check';
import { concat, keccak256, toBeHex } from 'ethers';
import type { Hex } from '../world.js';
import { incrementalMerkleRoot, sortedMerkleTree } from './merkle.js';

const leaf = (index: number): Hex => keccak256(toBeHex(index, 32)) as Hex;

/** As OpenZeppelin's MerkleProof folds a proof. */
const fold = (start: Hex, proof: readonly Hex[]): Hex =>
  proof.reduce<Hex>((a, b) => keccak256(a < b ? concat([a, b]) : concat([b, a])) as Hex, start);

test('every proof of every tree leads to its root, and no other leaf does', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (size, pick) => {
      const leaves = Array.from({ length: size }, (_, index) => leaf(index));
      const tree = sortedMerkleTree(leaves);
      const chosen = pick % size;
      expect(fold(leaves[chosen]!, tree.proof(chosen))).toBe(tree.root);
      expect(fold(leaf(1_000), tree.proof(chosen))).not.toBe(tree.root);
    }),
  );
});

test('the empty incremental tree has the root that the deposit contract publishes', () => {
  expect(incrementalMerkleRoot([])).toBe('0x27ae5ba08d7291c96c8cbddcc148bf48a6d68c7974b94356f53754ef6171d757');
});

test('the incremental tree agrees with one that is filled up with zeros', () => {
  const zero: Hex = `0x${'00'.repeat(32)}`;
  const leaves = [leaf(1), leaf(2), leaf(3)];
  expect(incrementalMerkleRoot(leaves)).toBe(incrementalMerkleRoot([...leaves, zero]));
  expect(incrementalMerkleRoot(leaves)).not.toBe(incrementalMerkleRoot([leaf(2), leaf(1), leaf(3)]));
});
