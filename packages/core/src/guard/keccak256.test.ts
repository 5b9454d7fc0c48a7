import { keccak256 as reference } from 'ethers';
import fc from 'fast-check';
import { keccak256 } from './keccak256.js';

test('equals the reference for any input, across the block boundary', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(keccak256(bytes)).toBe(reference(bytes));
    }),
    {
      numRuns: 60,
      examples: [[new Uint8Array(135)], [new Uint8Array(136)], [new Uint8Array(137)], [new Uint8Array(0)]],
    },
  );
});
