import * as v from 'valibot';
import { addDecimals, compareDecimals, normaliseDecimal } from './decimal.js';
import { InvalidInputError } from './errors.js';
import { deepFreeze } from './freeze.js';
import {
  address,
  bytes,
  bytes32,
  chainId,
  check,
  decimal,
  integer,
  list,
  ownerAddress,
  record,
  text,
  uint256,
  unixSeconds,
} from './input.js';
import type { RebalanceIntent, SignedIntent, SpendingLimit } from './intent.js';

/** A {@link RebalanceIntent} as JSON: the same fields, bigints as strings of decimal digits. */
export type IntentJson = Omit<RebalanceIntent, 'nonce' | 'spending'> & {
  readonly nonce: string;
  readonly spending: readonly (Omit<SpendingLimit, 'maxSpend'> & { readonly maxSpend: string })[];
};

/** A {@link SignedIntent} as JSON. */
export type SignedIntentJson = Omit<SignedIntent, 'intent'> & { readonly intent: IntentJson };

/** What is to be decided when an intent is made; version and nonce are filled in. */
export type IntentInput = Omit<RebalanceIntent, 'version' | 'nonce'>;

export interface CreateIntentOptions {
  /** Unix time now. */
  readonly nowSeconds: number;
  /** Where the nonce comes from. Must be unpredictable in production, may be seeded in a backtest. */
  readonly random: { bytes(length: number): Uint8Array };
  /**
   * All that the delta may be before the trade, in units of the underlying. When given, an intent whose change cannot
   * lead into its own admissible interval from anywhere in here is refused.
   */
  readonly currentDelta?: { readonly low: string; readonly high: string };
}

const MAX_SCHEDULE_SECONDS = 366 * 86_400;

const positiveUint256 = v.pipe(
  uint256,
  v.check((atoms) => atoms > 0n, 'is not positive\nGive the most that may be spent, in atoms.'),
);

const positiveDecimal = v.pipe(
  decimal,
  v.check((value) => compareDecimals(value, '0') > 0, 'is not positive\nGive a price above zero.'),
);

const nonZeroDecimal = v.pipe(
  decimal,
  v.check(
    (value) => compareDecimals(value, '0') !== 0,
    'is zero\nDo not make an intent when there is nothing to change.',
  ),
);

const spendingLimit = record({ chainId, token: address, maxSpend: positiveUint256, recipient: ownerAddress });

const slicedEntries = {
  parts: integer(1, 10_000, 'Give the number of slices, 1 to 10000.'),
  spanSeconds: integer(1, MAX_SCHEDULE_SECONDS, 'Give whole seconds, at most a year.'),
};

const schedule = v.variant(
  'kind',
  [
    record({ kind: v.literal('single') }),
    record({ kind: v.literal('twap'), ...slicedEntries }),
    record({ kind: v.literal('vwap'), ...slicedEntries }),
    record({ kind: v.literal('hidden'), hash: bytes32 }),
  ],
  'is not a known kind of schedule\nUse single, twap, vwap or hidden.',
);

const intentSchema: v.GenericSchema<unknown, RebalanceIntent> = record({
  version: v.literal(1, 'is not a known version\nUse 1.'),
  // Plain ASCII, so that no look-alike letter can pass for another underlying in a wallet's window.
  underlying: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'is not a symbol', 'Use up to 32 letters and digits: "ETH".'),
  deltaChangeUnits: nonZeroDecimal,
  postTradeDelta: record({ low: decimal, high: decimal }),
  exposureHash: bytes32,
  spending: list(spendingLimit),
  maxCostBps: integer(0, 10_000, 'Give whole basis points of the notional, 0 to 10000.'),
  referencePrice: record({
    source: text(
      /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/,
      'is not a source',
      'Name the price feed: "ETH/USD".',
    ),
    price: positiveDecimal,
  }),
  adapters: list(text(/^[a-z0-9@][a-z0-9._/@-]{0,63}$/, 'is not an adapter id', 'Use an id such as "uniswap-v3".')),
  schedule,
  partialFill: v.picklist(['allowed', 'all-or-nothing'], 'is not a fill rule\nUse "allowed" or "all-or-nothing".'),
  deadline: unixSeconds,
  nonce: uint256,
  signer: ownerAddress,
});

const signedIntentSchema: v.GenericSchema<unknown, SignedIntent> = record({
  intent: intentSchema,
  id: bytes32,
  signature: bytes,
});

const instantSchema = v.pipe(
  v.number('is not a time\nGive unix seconds.'),
  v.finite('is not a time\nGive unix seconds.'),
  v.minValue(0, 'is before 1970\nGive unix seconds.'),
  v.maxValue(99_999_999_999, 'is too large\nGive unix seconds, not milliseconds.'),
);

/**
 * Makes an intent: fills in version and nonce, brings addresses and decimals to their one spelling, checks all rules.
 * Input is not changed; the result is frozen.
 *
 * @throws {InvalidInputError} naming the field that breaks a rule.
 * @example
 * ```ts
 * const intent = createIntent(
 *   {
 *     underlying: 'ETH',
 *     deltaChangeUnits: '1.25',
 *     postTradeDelta: { low: '-0.1', high: '0.1' },
 *     exposureHash: canonicalHash(exposure),
 *     spending: [{ chainId: 1, token: USDC, maxSpend: 5_000_000_000n, recipient: owner }],
 *     maxCostBps: 30,
 *     referencePrice: { source: 'ETH/USD', price: '2500' },
 *     adapters: ['uniswap-v3', 'across'],
 *     schedule: { kind: 'twap', parts: 4, spanSeconds: 1200 },
 *     partialFill: 'allowed',
 *     deadline: nowSeconds + 3600,
 *     signer: owner,
 *   },
 *   { nowSeconds, random },
 * );
 * ```
 */
export function createIntent(input: IntentInput, options: CreateIntentOptions): RebalanceIntent {
  const parsed = check(intentSchema, { ...input, version: 1, nonce: drawNonce(options.random) }, 'intent');
  const intent: RebalanceIntent = {
    ...parsed,
    deltaChangeUnits: normaliseDecimal(parsed.deltaChangeUnits),
    postTradeDelta: {
      low: normaliseDecimal(parsed.postTradeDelta.low),
      high: normaliseDecimal(parsed.postTradeDelta.high),
    },
    referencePrice: { ...parsed.referencePrice, price: normaliseDecimal(parsed.referencePrice.price) },
  };
  assertConsistent(intent);
  assertTimely(intent, parseNowSeconds(options.nowSeconds));
  if (options.currentDelta !== undefined) assertReachable(intent, options.currentDelta);
  return deepFreeze(intent);
}

/**
 * Reads an intent from JSON text, from parsed JSON, or from memory. Unknown fields are refused, decimals keep their
 * spelling (it is part of what was signed). Does not ask whether the deadline has passed: an expired intent can be read.
 *
 * @throws {InvalidInputError} naming the field that breaks a rule.
 * @example
 * ```ts
 * const intent = parseIntent(await readFile('intent.json', 'utf8'));
 * ```
 */
export function parseIntent(json: unknown): RebalanceIntent {
  const intent = check(intentSchema, fromText(json, 'intent'), 'intent');
  assertConsistent(intent);
  return deepFreeze(intent);
}

/** The intent as plain JSON, for files, journals and HTTP. {@link parseIntent} turns it back. */
export function intentToJson(intent: RebalanceIntent): IntentJson {
  return deepFreeze({
    ...structuredClone(intent),
    spending: intent.spending.map((limit) => ({ ...limit, maxSpend: limit.maxSpend.toString() })),
    nonce: intent.nonce.toString(),
  });
}

/**
 * Reads a signed intent, as {@link parseIntent} does. Says nothing about the signature: that is `verifyIntent`.
 *
 * @throws {InvalidInputError} naming the field that breaks a rule.
 */
export function parseSignedIntent(json: unknown): SignedIntent {
  const signed = check(signedIntentSchema, fromText(json, 'signedIntent'), 'signedIntent');
  assertConsistent(signed.intent, 'intent.');
  return deepFreeze(signed);
}

/** The signed intent as plain JSON. {@link parseSignedIntent} turns it back. */
export function signedIntentToJson({ intent, id, signature }: SignedIntent): SignedIntentJson {
  return deepFreeze({ intent: intentToJson(intent), id, signature });
}

/** Checks a caller's clock reading: a finite number of unix seconds. */
export function parseNowSeconds(nowSeconds: unknown): number {
  return check(instantSchema, nowSeconds, 'nowSeconds');
}

function drawNonce(random: CreateIntentOptions['random']): bigint {
  const drawn = random.bytes(32);
  if (drawn.length !== 32) {
    throw new InvalidInputError('random', drawn.length, 'gave the wrong number of bytes', 'Return exactly 32.');
  }
  return drawn.reduce((nonce, byte) => (nonce << 8n) | BigInt(byte), 0n);
}

/** Rules that join several fields. */
function assertConsistent(intent: RebalanceIntent, prefix = ''): void {
  const { low, high } = intent.postTradeDelta;
  if (compareDecimals(low, high) > 0) {
    throw new InvalidInputError(
      `${prefix}postTradeDelta`,
      { low, high },
      'has its low end above its high end',
      'Swap the two.',
    );
  }
  assertDistinct(
    intent.spending.map((limit) => `${limit.chainId}:${limit.token}`),
    `${prefix}spending`,
    'Merge the limits of one token on one chain into one.',
  );
  assertDistinct(intent.adapters, `${prefix}adapters`, 'Name each adapter once.');
  if (intent.partialFill === 'all-or-nothing' && intent.schedule.kind !== 'single') {
    throw new InvalidInputError(
      `${prefix}partialFill`,
      intent.partialFill,
      `contradicts a ${intent.schedule.kind} schedule, which fills in parts`,
      'Allow partial fills, or use a single piece.',
    );
  }
}

function assertDistinct(items: readonly string[], field: string, hint: string): void {
  const seen = new Set<string>();
  items.forEach((item, index) => {
    if (seen.has(item)) throw new InvalidInputError(`${field}.${index}`, item, 'is there twice', hint);
    seen.add(item);
  });
}

function assertTimely(intent: RebalanceIntent, nowSeconds: number): void {
  if (intent.deadline <= nowSeconds) {
    throw new InvalidInputError('deadline', intent.deadline, `is not after now (${nowSeconds})`, 'Give a later time.');
  }
  if ('spanSeconds' in intent.schedule && nowSeconds + intent.schedule.spanSeconds > intent.deadline) {
    throw new InvalidInputError(
      'schedule.spanSeconds',
      intent.schedule.spanSeconds,
      'reaches beyond the deadline',
      'Shorten the span or move the deadline.',
    );
  }
}

function assertReachable(intent: RebalanceIntent, current: { readonly low: string; readonly high: string }): void {
  const { low, high } = check(record({ low: decimal, high: decimal }), current, 'currentDelta');
  const after = {
    low: addDecimals(low, intent.deltaChangeUnits),
    high: addDecimals(high, intent.deltaChangeUnits),
  };
  const { postTradeDelta: admissible } = intent;
  if (compareDecimals(after.high, admissible.low) < 0 || compareDecimals(after.low, admissible.high) > 0) {
    throw new InvalidInputError(
      'postTradeDelta',
      admissible,
      `cannot be reached: the change leads to ${after.low} … ${after.high}`,
      'Correct the change or the interval.',
    );
  }
}

function fromText(json: unknown, root: string): unknown {
  if (typeof json !== 'string') return json;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    // Neither the text nor the parser's message, which repeats parts of it: it may be a key file given by mistake.
    throw new InvalidInputError(
      root,
      `text of ${json.length} characters`,
      'is not JSON',
      'Give the JSON text that intentToJson produced.',
    );
  }
}
