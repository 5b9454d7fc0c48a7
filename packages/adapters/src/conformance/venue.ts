import {
  type Address,
  type Call,
  type Pool,
  type QuoteFill,
  type SwapFill,
  swapExactIn,
  type Token,
} from '@evenkeel/core';
import { adapterChecks } from './adapter-checks.js';
import { type Check, checkMaker, checksFor, type Fail, type MakeCheck } from './check.js';
import { fillChecks } from './fill-checks.js';
import { mustAnswer, mustBehave, mustHeedAbort, mustRefuse } from './invoke.js';
import { requireCurve } from './pool-shape.js';
import { probe } from './probe.js';
import { quoteChecks, quoteTrades } from './quote-checks.js';
import {
  chainOf,
  isToken,
  nowOf,
  patienceOf,
  recipientOf,
  type Sample,
  unknownToken,
  type VenueSubject,
} from './subject.js';
import type { Trade } from './trade.js';
import { copyOf, fingerprint, requireFinite, requireFrozen, requireUntouched } from './values.js';

const CURVE = { name: 'curve', has: ({ adapter }: VenueSubject) => adapter.capabilities.curve };
const QUOTE = { name: 'quote', has: ({ adapter }: VenueSubject) => adapter.capabilities.quote };

/**
 * What every venue adapter has to do. Nothing is sent: fills are simulated from the account of the subject.
 *
 * Of an adapter with curves it asks that the replay of each pool equals the execution to the atom, of one with quotes
 * that what arrives is what was said; of both that calls go where they may, that allowances are exact and none is left,
 * that the bounds of a fill are enforced on chain, and that the adapter ends, heeds its signal, leaves its input alone
 * and throws nothing but an EvenkeelError.
 *
 * @param subject the adapter with samples that must work, or a function that makes it when the first check runs
 * @param capabilities leaves out the checks that need any other. By default they are there, and are skipped as they run
 *
 * @example
 * ```ts
 * import { describeConformance } from '@evenkeel/adapters/conformance/jest'
 * describeConformance('my venue', venueConformance(async () => ({ adapter, chains, account, samples })))
 * ```
 */
export function venueConformance(
  subject: VenueSubject | (() => VenueSubject | Promise<VenueSubject>),
  capabilities: readonly ('curve' | 'quote')[] = ['curve', 'quote'],
): readonly Check[] {
  const make = checkMaker(subject);
  return checksFor(capabilities, [
    ...adapterChecks(make, 'venue'),
    make('capabilities-are-consistent', requireCapabilities),
    ...liquidityChecks(make),
    ...fillChecks(make, curveTrades, { prefix: 'curve', arrives: true, requires: CURVE }),
    ...boundChecks(make),
    ...quoteChecks(make, { requires: QUOTE, prefix: 'quote' }),
    ...fillChecks<VenueSubject>(make, quoteTrades, { prefix: 'quote', arrives: true, requires: QUOTE }),
    make('foreign-fills-are-refused', refuseForeignFills),
  ]);
}

function requireCapabilities({ adapter, samples }: VenueSubject, fail: Fail): void {
  const { chains, curve, quote } = adapter.capabilities;
  const hint = 'capabilities say what there is: { chains, curve, quote }.';
  if (curve !== (adapter.liquidity !== undefined)) {
    fail(`capabilities.curve to be ${adapter.liquidity !== undefined}`, `it is ${String(curve)}`, hint);
  }
  if (quote !== (adapter.quote !== undefined)) {
    fail(`capabilities.quote to be ${adapter.quote !== undefined}`, `it is ${String(quote)}`, hint);
  }
  if (!curve && !quote) fail('a venue to have curves or quotes', 'it has neither', hint);
  const missing = samples.find(({ tokenIn }) => !chains.includes(tokenIn.chainId));
  if (missing !== undefined) {
    fail(`capabilities.chains to name chain ${missing.tokenIn.chainId}`, `it is [${chains.join()}]`, hint);
  }
}

function liquidityChecks(make: MakeCheck<VenueSubject>): readonly Check[] {
  const each = (name: string, body: (subject: VenueSubject, sample: Sample, fail: Fail) => Promise<void>): Check =>
    make(
      name,
      async (subject, fail) => {
        for (const sample of subject.samples) await body(subject, sample, fail);
      },
      CURVE,
    );
  return [
    each('liquidity-is-found', async (subject, sample, fail) => {
      const pools = await poolsOf(subject, sample, fail);
      if (pools.some((pool) => serves(pool, sample))) return;
      fail(`a pool of ${pair(sample)}`, 'liquidity() gave none', 'Choose samples that the venue trades.');
    }),
    each('pools-are-well-formed', async (subject, sample, fail) => {
      const pools = await poolsOf(subject, sample, fail);
      const latest = await chainOf(subject, sample.tokenIn.chainId).block('latest');
      requireFrozen(pools, 'what liquidity() gives', fail);
      for (const pool of pools) requirePool(subject, pool, sample, latest.number, fail);
      const ids = new Set(pools.map(({ id }) => id));
      if (ids.size === pools.length) return;
      fail('pool ids to be unique', 'two pools have the same', "Use the pool's address or id on chain.");
    }),
    each('pool-ids-are-stable', async (subject, sample, fail) => {
      const [first, second] = [await poolsOf(subject, sample, fail), await poolsOf(subject, sample, fail)];
      const [a, b] = [first, second].map((pools) =>
        pools
          .map(({ id }) => id)
          .sort()
          .join(),
      );
      if (a === b) return;
      fail(
        'the same pools to have the same ids',
        'a second look gives others',
        "Use the pool's address or id on chain.",
      );
    }),
    each('liquidity-of-unknown-tokens-is-none', async (subject, { tokenIn }, fail) => {
      const tokens = [copyOf(tokenIn), unknownToken(tokenIn.chainId)];
      const outcome = await mustBehave(
        'liquidity() for a token that does not exist',
        (signal) => subject.adapter.liquidity!({ chainId: tokenIn.chainId, tokens, signal }),
        patienceOf(subject),
        fail,
      );
      if (outcome.kind !== 'value' || (outcome.value as readonly Pool[]).length === 0) return;
      fail('no pools of a token that does not exist', 'there are some', 'Check both tokens of a pool on chain.');
    }),
    each('liquidity-leaves-its-request-alone', async (subject, sample, fail) => {
      const tokens = [copyOf(sample.tokenIn), copyOf(sample.tokenOut)];
      const before = fingerprint(tokens);
      await mustAnswer(
        'liquidity()',
        (signal) => subject.adapter.liquidity!({ chainId: sample.tokenIn.chainId, tokens, signal }),
        patienceOf(subject),
        fail,
      );
      requireUntouched(before, tokens, 'the tokens of a liquidity request', fail);
    }),
    each('liquidity-heeds-its-signal', async (subject, { tokenIn, tokenOut }, fail) =>
      mustHeedAbort(
        'liquidity()',
        (signal) =>
          subject.adapter.liquidity!({ chainId: tokenIn.chainId, tokens: [copyOf(tokenIn), copyOf(tokenOut)], signal }),
        patienceOf(subject),
        fail,
      ),
    ),
    each('liquidity-of-an-unknown-chain-throws-only-our-errors', async (subject, { tokenIn, tokenOut }, fail) => {
      await mustBehave(
        'liquidity() for a chain that does not exist',
        (signal) =>
          subject.adapter.liquidity!({ chainId: 999_999_999, tokens: [copyOf(tokenIn), copyOf(tokenOut)], signal }),
        patienceOf(subject),
        fail,
      );
    }),
  ];
}

function pair({ tokenIn, tokenOut }: Sample): string {
  return `${tokenIn.symbol} and ${tokenOut.symbol} on chain ${tokenIn.chainId}`;
}

async function poolsOf(subject: VenueSubject, { tokenIn, tokenOut }: Sample, fail: Fail): Promise<readonly Pool[]> {
  const pools: unknown = await mustAnswer(
    'liquidity()',
    (signal) =>
      subject.adapter.liquidity!({ chainId: tokenIn.chainId, tokens: [copyOf(tokenIn), copyOf(tokenOut)], signal }),
    patienceOf(subject),
    fail,
  );
  if (Array.isArray(pools)) return pools as readonly Pool[];
  return fail(
    'liquidity() to give an array',
    `it gave a ${typeof pools}`,
    'Return an empty array where there is none.',
  );
}

function requirePool(subject: VenueSubject, pool: Pool, sample: Sample, latest: number, fail: Fail): void {
  const { adapter, asOf, chainId, curve, gas, id, tokens } = pool;
  const what = `pool ${id}`;
  requireFinite(pool, what, fail);
  if (adapter !== subject.adapter.id) {
    fail(`${what} to name its adapter, ${subject.adapter.id}`, `it names ${adapter}`, 'Use the id of the adapter.');
  }
  if (chainId !== sample.tokenIn.chainId) {
    fail(`${what} to be on chain ${sample.tokenIn.chainId}`, `it is on ${chainId}`, 'Give only what was asked for.');
  }
  for (const token of tokens) requireKnownToken(token, sample, what, fail);
  if (typeof gas.base !== 'bigint' || gas.base <= 0n || typeof gas.perTick !== 'bigint' || gas.perTick < 0n) {
    fail(`${what} to say its gas`, `it says ${String(gas.base)} and ${String(gas.perTick)}`, 'Measure a receipt.');
  }
  if (asOf.blockNumber === undefined || asOf.blockNumber > latest || asOf.chainId !== chainId) {
    const hint = 'Take block number and time from the batch of reads.';
    fail(`${what} to say at which block it was read`, `it says ${String(asOf.blockNumber)}`, hint);
  }
  requireCurve(curve, what, fail);
}

/** The same token with the same decimals: with others, every amount is off by powers of ten. */
function requireKnownToken(token: Token, { tokenIn, tokenOut }: Sample, what: string, fail: Fail): void {
  const known = [tokenIn, tokenOut].find((each) => isToken(each, token));
  if (known === undefined) {
    return fail(`${what} to trade the tokens that were asked for`, `it has ${token.address}`, 'Filter the pools.');
  }
  if (known.decimals === token.decimals) return;
  fail(
    `${what} to give ${known.symbol} its ${known.decimals} decimals`,
    `it gives ${token.decimals}`,
    'Pass the token on as it was given, or read decimals() from the contract.',
  );
}

/** Levels and ladders take one of their tokens only. */
function serves({ curve, tokens }: Pool, { tokenIn }: Sample): boolean {
  if (curve.kind !== 'levels' && curve.kind !== 'ladder') return true;
  return isToken(tokens[curve.tokenInIndex], tokenIn);
}

/** Through every pool of every sample: exactly what the replay of its curve says. */
async function curveTrades(subject: VenueSubject, fail: Fail): Promise<readonly Trade[]> {
  const trades: Trade[] = [];
  for (const sample of subject.samples) {
    const now = await nowOf(subject, sample.tokenIn.chainId);
    for (const pool of await poolsOf(subject, sample, fail)) {
      if (serves(pool, sample)) trades.push(curveTrade(subject, pool, sample, now, fail));
    }
  }
  if (trades.length === 0) fail('something to trade', 'no sample has a pool', 'Choose samples that the venue trades.');
  return trades;
}

function curveTrade(subject: VenueSubject, pool: Pool, sample: Sample, now: number, fail: Fail): Trade {
  const { amountIn, tokenIn, tokenOut } = sample;
  const label = `${amountIn} atoms of ${tokenIn.symbol} for ${tokenOut.symbol} through pool ${pool.id}`;
  const { amountInUsed, amountOut } = swapExactIn(pool.curve, isToken(pool.tokens[0], tokenIn) ? 0 : 1, amountIn);
  if (amountInUsed !== amountIn || amountOut <= 0n) {
    const hint = 'Choose a smaller sample, or read more of the curve.';
    fail(`the curve to take ${label}`, `it takes ${amountInUsed} and pays ${amountOut}`, hint);
  }
  const fill: SwapFill = {
    kind: 'swap',
    pool,
    tokenIn,
    tokenOut,
    amountIn,
    // Left wide open: what really arrives is compared with the curve, and that the bound holds is a check of its own.
    minReceived: 1n,
    sender: subject.account,
    recipient: recipientOf(subject),
    deadline: now + 3_600,
  };
  return {
    label,
    fill,
    tokenIn,
    tokenOut,
    arrivesHere: true,
    amountIn,
    extraWei: 0n,
    promised: amountOut,
    // A ladder says what is paid at its steps; between them it is a lower bound.
    precision: pool.curve.kind === 'ladder' ? 0 : 'exact',
    counterparties: counterparties(subject, pool),
  };
}

function counterparties({ adapter }: VenueSubject, pool: Pool): readonly Address[] {
  return [...adapter.targets(pool.chainId), ...(pool.address === undefined ? [] : [pool.address])];
}

/** The limits of a fill are worth something only where the chain enforces them. */
function boundChecks(make: MakeCheck<VenueSubject>): readonly Check[] {
  const late = 'Pass fill.deadline to the contract; where it takes none, go through one that does.';
  return [
    make(
      'curve-min-received-is-enforced',
      (subject, fail) => {
        const hint = 'Pass fill.minReceived to the contract as the least output, in the units that it takes.';
        return requireReverts(subject, curveTrades, 'one atom more is demanded', demandMore, hint, fail);
      },
      CURVE,
    ),
    make(
      'curve-deadline-is-enforced',
      (subject, fail) => requireReverts(subject, curveTrades, 'its deadline has passed', pastDeadline, late, fail),
      CURVE,
    ),
    make(
      'quote-deadline-is-enforced',
      (subject, fail) => requireReverts(subject, quoteTrades, 'its deadline has passed', pastDeadline, late, fail),
      QUOTE,
    ),
  ];
}

type ChangeFill = (trade: Trade, blockSeconds: number) => SwapFill | QuoteFill;

const demandMore: ChangeFill = ({ fill, promised }) =>
  fill.kind === 'swap' ? { ...fill, minReceived: promised + 1n } : fill;
const pastDeadline: ChangeFill = ({ fill }, blockSeconds) => ({ ...fill, deadline: blockSeconds - 60 });

/** The changed fill is refused by `build`, or reverts on chain. */
async function requireReverts(
  subject: VenueSubject,
  tradesOf: (subject: VenueSubject, fail: Fail) => Promise<readonly Trade[]>,
  when: string,
  change: ChangeFill,
  hint: string,
  fail: Fail,
): Promise<void> {
  for (const trade of await tradesOf(subject, fail)) {
    const { label, tokenIn, tokenOut } = trade;
    const { timeSeconds } = await chainOf(subject, tokenIn.chainId).block('latest');
    const changed = change(trade, timeSeconds);
    const outcome = await mustBehave('build', () => subject.adapter.build(changed), patienceOf(subject), fail);
    if (outcome.kind !== 'value') continue;
    const { failure } = await probe(subject, outcome.value as readonly Call[], tokenIn, tokenOut, recipientOf(subject));
    if (failure === undefined) fail(`${label} to revert when ${when}`, 'it goes through', hint);
  }
}

/** Nothing that belongs to another adapter, or to no market at all, may be turned into calls. */
async function refuseForeignFills(subject: VenueSubject, fail: Fail): Promise<void> {
  const [sample] = subject.samples;
  if (sample === undefined) return fail('a sample', 'the subject has none', 'Give at least one.');
  const { amountIn, tokenIn } = sample;
  const token = unknownToken(tokenIn.chainId);
  const foreign: Pool = {
    id: token.address,
    adapter: 'somebody-else',
    chainId: tokenIn.chainId,
    tokens: [tokenIn, token],
    curve: { kind: 'constant-product', reserves: [1n, 1n], feePpm: 0 },
    gas: { base: 1n, perTick: 0n },
    asOf: { source: 'nobody', timeSeconds: 0 },
    payload: null,
  };
  const fill: SwapFill = {
    kind: 'swap',
    pool: foreign,
    tokenIn,
    tokenOut: token,
    amountIn,
    minReceived: 1n,
    sender: subject.account,
    recipient: recipientOf(subject),
    deadline: 4_000_000_000,
  };
  await mustRefuse(
    'a fill through a pool of another adapter',
    () => subject.adapter.build(fill),
    patienceOf(subject),
    'Compare pool.adapter with your id, and validate the payload, before you build.',
    fail,
  );
}
