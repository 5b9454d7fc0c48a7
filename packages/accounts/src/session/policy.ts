import { type BandMarket, type BandPolicy, MAX_POOLS } from '@evenkeel/contracts';
import { GrantMalformedError } from './errors.js';
import { addressSchema } from '../rpc/schemas.js';
import * as v from 'valibot';

const uint = (bits: number): v.GenericSchema<unknown, bigint> =>
  v.pipe(
    v.bigint('is not a bigint'),
    v.check((value) => value >= 0n && value < 1n << BigInt(bits), `does not fit ${bits} bits`),
  );
const integer = (low: number, high: number): v.GenericSchema<unknown, number> =>
  v.pipe(v.number('is not a number'), v.safeInteger(), v.minValue(low), v.maxValue(high));

const SECONDS = integer(0, 2 ** 47 - 1);

const marketSchema: v.GenericSchema<unknown, BandMarket> = v.object({
  base: addressSchema,
  twapPool: addressSchema,
  twapSeconds: integer(1, 2 ** 32 - 1),
  feed: addressSchema,
  feedMaxAgeSeconds: integer(1, 2 ** 32 - 1),
  feedExponent: integer(-77, 77),
  low: uint(96),
  high: uint(96),
  outerLow: uint(96),
  outerHigh: uint(96),
  pools: v.pipe(v.array(addressSchema), v.minLength(1, 'names no venue'), v.maxLength(MAX_POOLS)),
});

const policySchema: v.GenericSchema<unknown, BandPolicy> = v.object({
  chainId: integer(1, Number.MAX_SAFE_INTEGER),
  sessionKey: addressSchema,
  policyKey: addressSchema,
  paymaster: addressSchema,
  quote: addressSchema,
  start: SECONDS,
  expiry: SECONDS,
  windowSeconds: integer(4, 2 ** 32 - 4),
  lossBps: integer(1, 10_000),
  maxDeviationBps: integer(0, 10_000),
  paymasterOverheadGas: integer(0, 2 ** 32 - 1),
  capAtoms: uint(128),
  gasBudgetWei: uint(128),
  markets: v.pipe(v.array(marketSchema), v.minLength(1, 'names no market')),
});

/**
 * A policy as an owner may sign it: every field in its range, every interval inside of its outer bounds.
 *
 * @throws GRANT_MALFORMED naming the field
 */
export function parsePolicy(input: unknown): BandPolicy {
  const parsed = v.safeParse(policySchema, input);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new GrantMalformedError(v.getDotPath(issue) ?? 'policy', issue.input, issue.message, 'See BandPolicy.');
  }
  const policy = parsed.output;
  const refuse = (field: string, value: unknown, problem: string, hint: string): never => {
    throw new GrantMalformedError(field, value, problem, hint);
  };
  const { expiry, lossBps, maxDeviationBps, start, windowSeconds } = policy;
  if (BigInt(policy.sessionKey) === 0n) refuse('sessionKey', policy.sessionKey, 'is nobody', 'Give its address.');
  if (windowSeconds % 4 !== 0) refuse('windowSeconds', windowSeconds, 'is no multiple of 4', 'Use whole hours.');
  if (expiry <= start) refuse('expiry', expiry, 'is not after the start', 'Let it end later.');
  if (lossBps + maxDeviationBps > 10_000) {
    refuse('maxDeviationBps', maxDeviationBps, 'is with lossBps more than everything', 'Lower it.');
  }
  policy.markets.forEach(({ high, low, outerHigh, outerLow }, index) => {
    if (outerLow <= low && low <= high && high <= outerHigh) return;
    const problem = 'has its interval not inside of its outer bounds';
    refuse(`markets.${index}`, `${low} to ${high}`, problem, 'Order them outerLow, low, high, outerHigh.');
  });
  return Object.freeze({ ...policy, markets: Object.freeze(policy.markets.map((market) => Object.freeze(market))) });
}
