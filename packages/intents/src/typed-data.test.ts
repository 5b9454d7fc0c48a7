import fc from 'fast-check';
import { hashTypedData } from 'viem';
import { intents, makeIntent } from '../test/arbitraries.js';
import { InvalidInputError } from './errors.js';
import type { RebalanceIntent } from './intent.js';
import { hashIntent, INTENT_DOMAIN, INTENT_TYPES, intentTypedData } from './typed-data.js';

test('the id is stable over releases: signatures out there depend on it', () => {
  expect(hashIntent(makeIntent())).toBe('0x59be129375e550162507d69abc4a36a19963002f3cb22dde7e4c9f0aa41d2fe5');
});

test('the hash is the one that another implementation of EIP-712 computes', () => {
  fc.assert(
    fc.property(intents, (intent) => {
      const { domain, types, primaryType, message } = intentTypedData(intent);
      expect(hashIntent(intent)).toBe(hashTypedData({ domain, types, primaryType, message }));
    }),
    { numRuns: 50 },
  );
});

test('the payload for wallets is plain JSON and names every field of the intent', () => {
  const intent = makeIntent();
  const payload = intentTypedData(intent);
  expect(JSON.parse(JSON.stringify(payload))).toEqual(payload);
  expect(payload.primaryType).toBe('RebalanceIntent');
  expect(payload.domain).toEqual(INTENT_DOMAIN);
  expect(Object.keys(payload.message).sort()).toEqual(Object.keys(intent).sort());
  expect(INTENT_TYPES['RebalanceIntent']!.map(({ name }) => name)).toEqual(Object.keys(intent));
});

test('each kind of schedule has a hash of its own', () => {
  const hash = `0x${'00'.repeat(32)}` as const;
  const ids = [
    { kind: 'single' } as const,
    { kind: 'hidden', hash } as const,
    { kind: 'twap', parts: 1, spanSeconds: 1 } as const,
    { kind: 'vwap', parts: 1, spanSeconds: 1 } as const,
  ].map((schedule) => hashIntent(makeIntent({ schedule })));
  expect(new Set(ids).size).toBe(4);
});

test('what is no intent has no hash', () => {
  expect(() => hashIntent({ ...makeIntent(), deadline: -1 })).toThrow(InvalidInputError);
  expect(() => hashIntent({} as RebalanceIntent)).toThrow(InvalidInputError);
});
