import fc from 'fast-check';
import {
  countingRandom,
  input,
  intentInputs,
  intents,
  makeIntent,
  NOW_SECONDS,
  USDC,
  wallet,
} from '../test/arbitraries.js';
import { InvalidInputError } from './errors.js';
import type { IntentInput } from './schema.js';
import { createIntent, intentToJson, parseIntent, parseSignedIntent, signedIntentToJson } from './schema.js';

const options = { nowSeconds: NOW_SECONDS, random: countingRandom() };

function refusal(run: () => unknown): InvalidInputError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    return error as InvalidInputError;
  }
  throw new Error('Nothing was refused.');
}

test('JSON and back is the same intent', () => {
  fc.assert(
    fc.property(intents, (intent) => {
      expect(parseIntent(intentToJson(intent))).toEqual(intent);
      expect(parseIntent(JSON.stringify(intentToJson(intent)))).toEqual(intent);
      expect(parseIntent(intent)).toEqual(intent);
      const signed = { intent, id: intent.exposureHash, signature: '0x1234' } as const;
      expect(parseSignedIntent(JSON.stringify(signedIntentToJson(signed)))).toEqual(signed);
    }),
  );
});

test('the result is frozen all through, and the input is left as it was', () => {
  fc.assert(
    fc.property(intentInputs, (each) => {
      const before = structuredClone(each);
      const intent = createIntent(each, options);
      expect(each).toEqual(before);
      expect(Object.isFrozen(intent)).toBe(true);
      expect(intent.spending.every((limit) => Object.isFrozen(limit))).toBe(true);
      expect(Object.isFrozen(intent.postTradeDelta)).toBe(true);
    }),
  );
});

test('version and nonce are filled in, addresses and decimals brought to one spelling', () => {
  const intent = createIntent(
    {
      ...input,
      deltaChangeUnits: '-1.2500',
      signer: wallet.address.toLowerCase() as `0x${string}`,
      referencePrice: { source: 'x', price: '2500.00' },
    },
    { nowSeconds: NOW_SECONDS, random: { bytes: () => Uint8Array.from({ length: 32 }, (_, index) => index) } },
  );
  expect(intent.version).toBe(1);
  expect(intent.nonce).toBe(0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fn);
  expect(intent.deltaChangeUnits).toBe('-1.25');
  expect(intent.signer).toBe(wallet.address);
  expect(intent.referencePrice.price).toBe('2500');
});

const limit = input.spending[0]!;
const broken: readonly (readonly [string, string, Partial<Record<keyof IntentInput, unknown>>])[] = [
  ['a zero spending limit', 'spending.0.maxSpend', { spending: [{ ...limit, maxSpend: 0n }] }],
  ['a negative spending limit', 'spending.0.maxSpend', { spending: [{ ...limit, maxSpend: -1n }] }],
  ['a spending limit as a JS number', 'spending.0.maxSpend', { spending: [{ ...limit, maxSpend: 1e6 }] }],
  ['a spending limit past 256 bits', 'spending.0.maxSpend', { spending: [{ ...limit, maxSpend: 2n ** 256n }] }],
  ['no spending limit', 'spending', { spending: [] }],
  ['one token twice', 'spending.1', { spending: [limit, { ...limit, token: USDC.toLowerCase() }] }],
  ['a chain id of zero', 'spending.0.chainId', { spending: [{ ...limit, chainId: 0 }] }],
  ['a fractional chain id', 'spending.0.chainId', { spending: [{ ...limit, chainId: 1.5 }] }],
  ['a chain id as text', 'spending.0.chainId', { spending: [{ ...limit, chainId: '1' }] }],
  ['a wrong checksum', 'spending.0.token', { spending: [{ ...limit, token: USDC.replace('A', 'a') }] }],
  ['an address that is short', 'spending.0.token', { spending: [{ ...limit, token: '0x1234' }] }],
  ['nobody as the recipient', 'spending.0.recipient', { spending: [{ ...limit, recipient: `0x${'00'.repeat(20)}` }] }],
  ['a field of another format', 'spending.0.amount', { spending: [{ ...limit, amount: 1n }] }],
  ['no adapter', 'adapters', { adapters: [] }],
  ['one adapter twice', 'adapters.1', { adapters: ['across', 'across'] }],
  ['an adapter id with blanks', 'adapters.0', { adapters: ['Uniswap V3'] }],
  ['no change', 'deltaChangeUnits', { deltaChangeUnits: '0.000' }],
  ['a change that is minus zero', 'deltaChangeUnits', { deltaChangeUnits: '-0' }],
  ['a change as a JS number', 'deltaChangeUnits', { deltaChangeUnits: 1.25 }],
  ['a change with an exponent', 'deltaChangeUnits', { deltaChangeUnits: '1e3' }],
  ['a change that is not a number', 'deltaChangeUnits', { deltaChangeUnits: 'NaN' }],
  ['low above high', 'postTradeDelta', { postTradeDelta: { low: '0.1', high: '-0.1' } }],
  ['an interval without an end', 'postTradeDelta.high', { postTradeDelta: { low: '0.1' } }],
  ['a hash that is short', 'exposureHash', { exposureHash: '0xabcd' }],
  ['a negative cost limit', 'maxCostBps', { maxCostBps: -1 }],
  ['a cost limit that is not a number', 'maxCostBps', { maxCostBps: Number.NaN }],
  ['a fractional cost limit', 'maxCostBps', { maxCostBps: 12.5 }],
  ['a price of zero', 'referencePrice.price', { referencePrice: { source: 'x', price: '0' } }],
  ['a price without a source', 'referencePrice.source', { referencePrice: { price: '1' } }],
  ['a look-alike letter', 'underlying', { underlying: 'ЕTH' }],
  ['an unknown schedule', 'schedule.kind', { schedule: { kind: 'iceberg' } }],
  ['a schedule of no parts', 'schedule.parts', { schedule: { kind: 'twap', parts: 0, spanSeconds: 60 } }],
  ['a span past the deadline', 'schedule.spanSeconds', { schedule: { kind: 'vwap', parts: 2, spanSeconds: 3601 } }],
  ['all or nothing in parts', 'partialFill', { partialFill: 'all-or-nothing' }],
  ['an unknown fill rule', 'partialFill', { partialFill: 'maybe' }],
  ['a deadline that is now', 'deadline', { deadline: NOW_SECONDS }],
  ['a deadline in milliseconds', 'deadline', { deadline: NOW_SECONDS * 1000 }],
  ['nobody as the signer', 'signer', { signer: `0x${'00'.repeat(20)}` }],
  ['an unknown field', 'memo', { memo: 'hi' } as never],
];

test.each(broken)('%s is refused, naming %s', (_, field, changes) => {
  const error = refusal(() => createIntent({ ...input, ...changes } as IntentInput, options));
  expect(error.code).toBe('INVALID_INPUT');
  expect(error.field).toBe(field);
  expect(error.hint).not.toBe('');
  expect(error.message.startsWith(`${field}: `)).toBe(true);
});

test.each(Object.keys(intentToJson(makeIntent())))('an intent without its %s is refused', (field) => {
  const json = Object.fromEntries(Object.entries(intentToJson(makeIntent())).filter(([name]) => name !== field));
  expect(refusal(() => parseIntent(json)).field).toBe(field);
});

test('keys that every object inherits are unknown fields too', () => {
  const json = JSON.stringify(intentToJson(makeIntent()));
  for (const key of ['__proto__', 'constructor', 'toString']) {
    expect(refusal(() => parseIntent(json.replace('{', `{"${key}":1,`))).field).toBe(key);
  }
});

test('anything at all gives an intent or a refusal, never another error', () => {
  const json = intentToJson(makeIntent()) as unknown as Record<string, unknown>;
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(json)), fc.anything(), (field, value) => {
      try {
        parseIntent({ ...json, [field]: value });
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInputError);
      }
    }),
  );
  for (const garbage of ['', '<html>', 'null', '[]', null, undefined, 1, []]) {
    expect(refusal(() => parseIntent(garbage)).code).toBe('INVALID_INPUT');
  }
});

test('an interval that the change cannot reach is refused when the present delta is known', () => {
  const known = { ...options, currentDelta: { low: '-1.4', high: '-1.36' } };
  expect(refusal(() => createIntent(input, known)).field).toBe('postTradeDelta');
  expect(createIntent(input, { ...options, currentDelta: { low: '-1.4', high: '-1.35' } }).nonce).toBeGreaterThan(0n);
});

test('a random source that gives too little is refused', () => {
  const random = { bytes: () => new Uint8Array(8) };
  expect(refusal(() => createIntent(input, { ...options, random })).field).toBe('random');
});

test('a private key in the wrong field does not come back in the error', () => {
  const key = wallet.privateKey;
  for (const changes of [{ signer: key }, { signer: key.slice(2) }, { key }, { spending: [{ ...limit, key }] }]) {
    const error = refusal(() => createIntent({ ...input, ...changes } as IntentInput, options));
    expect(`${error.message}${JSON.stringify(error)}${String(error.stack)}`).not.toContain(key.slice(2));
  }
  expect(refusal(() => parseIntent(key)).message).not.toContain(key.slice(2));
});
