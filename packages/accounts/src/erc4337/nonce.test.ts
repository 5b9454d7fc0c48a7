import fc from 'fast-check';
import { joinNonce, kernelNonceKey, nexusNonceKey, plainNonceKey, sequenceOf, validatorNonceKey } from './nonce.js';

const VALIDATOR = '0x00112233445566778899aabbccddeeff00112233';
const bytes24 = (key: bigint): string => key.toString(16).padStart(48, '0');

test('each kind of account has its own places for validator, mode and lane', () => {
  const validator = VALIDATOR.slice(2);
  expect(bytes24(plainNonceKey.keyOf(0xabn))).toBe(`${'0'.repeat(46)}ab`);
  expect(bytes24(validatorNonceKey(VALIDATOR).keyOf(0xabn))).toBe(`${validator}000000ab`);
  expect(bytes24(kernelNonceKey({ validator: VALIDATOR, type: 1 }).keyOf(0xabn))).toBe(`0001${validator}00ab`);
  expect(bytes24(nexusNonceKey({ validator: VALIDATOR, mode: 1 }).keyOf(0xabn))).toBe(`0000ab01${validator}`);
});

test('lanes never collide, and a nonce comes apart again', () => {
  const layouts = [
    plainNonceKey,
    validatorNonceKey(VALIDATOR),
    kernelNonceKey({ validator: VALIDATOR }),
    nexusNonceKey({ validator: VALIDATOR }),
  ];
  const uint = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
  for (const layout of layouts) {
    fc.assert(
      fc.property(uint(layout.laneBits), uint(layout.laneBits), uint(64), (a, b, sequence) => {
        expect(layout.keyOf(a) === layout.keyOf(b)).toBe(a === b);
        expect(layout.keyOf(a) < 1n << 192n).toBe(true);
        const nonce = joinNonce(layout.keyOf(a), sequence);
        expect([nonce >> 64n, sequenceOf(nonce)]).toEqual([layout.keyOf(a), sequence]);
      }),
    );
    expect(() => layout.keyOf(1n << BigInt(layout.laneBits))).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'nonceKey' }),
    );
  }
  expect(() => joinNonce(0n, 1n << 64n)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  expect(() => kernelNonceKey({ validator: VALIDATOR, mode: 256 })).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', field: 'mode' }),
  );
});
