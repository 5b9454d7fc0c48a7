import fc from 'fast-check';
import type { Address, Hex } from '@evenkeel/core';
import { entryPoint } from './entry-point.js';
import { decodeOperation, encodeOperation } from './operation-codec.js';

const bytes = (min: number, max: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((data): Hex => `0x${Buffer.from(data).toString('hex')}`);
const uint = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
const SENDER: Address = '0x00000000000000000000000000000000000A11cE';
const OTHER: Address = '0x4Cd241E8d1510e30b2076397afc7508Ae59C66c9';

test('what is stored comes back whole, delegation and paymaster included', () => {
  const operation = fc
    .record({
      nonce: uint(256),
      deployment: fc.oneof(
        fc.constant(undefined),
        fc.record({ kind: fc.constant('factory' as const), factory: fc.constant(OTHER), data: bytes(0, 40) }),
        fc.record({
          kind: fc.constant('delegation' as const),
          delegation: fc.record({
            authority: fc.constant(SENDER),
            delegate: fc.constant(OTHER),
            chainId: fc.nat(),
            nonce: uint(64),
            yParity: fc.constantFrom(0 as const, 1 as const),
            r: bytes(32, 32),
            s: bytes(32, 32),
          }),
          data: bytes(0, 40),
        }),
      ),
      callData: bytes(0, 80),
      callGasLimit: uint(128),
      verificationGasLimit: uint(128),
      preVerificationGas: uint(256),
      maxFeePerGasWei: uint(128),
      maxPriorityFeePerGasWei: uint(128),
      paymaster: fc.option(
        fc.record({
          address: fc.constant(OTHER),
          verificationGasLimit: uint(128),
          postOpGasLimit: uint(128),
          data: bytes(0, 40),
        }),
        { nil: undefined },
      ),
      signature: bytes(0, 70),
    })
    .map(({ deployment, paymaster, ...rest }) => ({
      sender: SENDER,
      ...rest,
      ...(deployment && { deployment }),
      ...(paymaster && { paymaster }),
    }));
  fc.assert(
    fc.property(operation, fc.integer({ min: 1 }), fc.constantFrom('0.7', '0.8', '0.9'), (given, chainId, version) => {
      const whole = { chainId, entryPoint: entryPoint(version), operation: given };
      expect(decodeOperation(encodeOperation(whole))).toEqual(whole);
    }),
  );
});

test('other bytes are refused', () => {
  for (const raw of ['0x', '0x12', `0x${'00'.repeat(640)}`] as const) {
    expect(() => decodeOperation(raw)).toThrow(expect.objectContaining({ code: 'OPERATION_MALFORMED' }));
  }
});
