import fc from 'fast-check';
import { swapExactIn } from '../model/curves/swap.js';
import type { Pool } from '../model/curve.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import type { Token } from '../model/token.js';
import type { Clock } from '../ports/ambient.js';
import type { VenueAdapter } from '../ports/venue.js';
import { routeHedge } from '../route/route-hedge.js';
import { checkCurve } from './check-curve.js';
import { ladderRequests, laddersOf } from './ladder.js';
import { requote } from './requote.js';
import { solicit } from './solicit.js';
import { DEFAULT_TRUST_RULES, explainTrust, isDistrusted, lowerTrust, shortfallOf, type Trust } from './trust.js';

const NOW = 1_000_000;
const usdc: Token = { chainId: 1, address: `0x${'a'.repeat(40)}`, symbol: 'USDC', decimals: 6 };
const weth: Token = { chainId: 1, address: `0x${'b'.repeat(40)}`, symbol: 'WETH', decimals: 18 };
const never = new AbortController().signal;
const clock: Clock = { now: () => NOW * 1000, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
const clean: Trust = { records: [], rules: DEFAULT_TRUST_RULES, nowSeconds: NOW };

const whole: QuoteRequest = {
  input: { token: usdc, atoms: 80_000_000_000n },
  tokenOut: weth,
  sender: `0x${'1'.repeat(40)}`,
  recipient: `0x${'1'.repeat(40)}`,
  slippageBps: 0,
  deadline: NOW + 600,
};

/** A desk that quotes 2,000 USDC for one WETH, worse with size, and `cutBps` worse still as `nthQuestion` says. */
function desk(id: string, cutBps: (nthQuestion: number) => number): VenueAdapter {
  let asked = 0;
  return {
    kind: 'venue',
    id,
    name: id,
    capabilities: { chains: [1], curve: false, quote: true },
    targets: () => [],
    build: () => [],
    quote: ({ input, tokenOut }) => {
      const gross = (input.atoms * 10n ** 12n) / 2000n;
      const atoms = (gross * (10n ** 15n - input.atoms * 10n)) / 10n ** 15n;
      const minReceived = (atoms * BigInt(10_000 - cutBps(++asked))) / 10_000n;
      return Promise.resolve({
        id: `${id}-${asked}`,
        adapter: id,
        kind: 'venue',
        input,
        output: { token: tokenOut, atoms: minReceived },
        minReceived,
        fees: [],
        gas: [{ chainId: 1, units: 90_000n }],
        timeSeconds: { expected: 5, worst: 30 },
        validUntil: NOW + 30,
        asOf: { source: id, timeSeconds: NOW, chainId: 1 },
        onFailure: 'revert',
        payload: null,
      } satisfies Quote);
    },
  };
}

const RUNGS = 6;

async function laddersFrom(venues: readonly VenueAdapter[], trust: Trust = clean): ReturnType<typeof asked> {
  return asked(venues, trust);
}

async function asked(venues: readonly VenueAdapter[], trust: Trust): Promise<ReturnType<typeof laddersOf>> {
  const { quotes } = await solicit(
    { tokens: [usdc, weth], quotes: ladderRequests(whole, RUNGS), transfers: [], maxAgeSeconds: 60 },
    { venues, bridges: [], clock, signal: never, deadlineMs: 1000, graceMs: 0 },
  );
  return laddersOf(quotes, trust);
}

function routeOver(pools: readonly Pool[]): ReturnType<typeof routeHedge> {
  return routeHedge({
    side: 'buy',
    deltaUnits: '20',
    baseTokens: [weth],
    quoteTokens: [usdc],
    pools,
    bridges: [],
    inventories: [{ token: usdc, atoms: 10n ** 12n }],
    gasPriceWei: { 1: 0n },
    nativePrice: { 1: '2000' },
    referencePrice: '2000',
    timeAtRisk: { kind: 'volatility', annualVolatility: '0.5', riskAversion: '0' },
    slippageBps: 0,
  });
}

describe('ladders', () => {
  it('are sampled through the round of offers, ascending, and can be routed over', async () => {
    const { pools, refusals } = await laddersFrom([desk('desk', () => 0)]);
    expect(refusals).toEqual([]);
    expect(pools).toHaveLength(1);
    const { curve } = pools[0]!;
    expect(checkCurve(curve)).toBeUndefined();
    expect(curve).toMatchObject({ kind: 'ladder', tokenInIndex: 0 });
    const { hops } = routeOver(pools);
    expect(hops).toMatchObject([{ adapter: 'desk' }]);
    const [hop] = hops;
    // Between two samples of a concave offer a straight line promises no more than the desk would give.
    const firm = await requote(
      {
        venue: desk('desk', () => 0),
        asked: sized(hop!.amountIn),
        promised: hop!.amountOut,
        trust: clean,
        limitMs: 500,
      },
      never,
    );
    expect(firm.accepted).toBe(true);
  });

  it('are filled to their last atom when more is wanted than they hold, however much more', () => {
    const points = [1n, 2n, 3n].map((i) => ({
      amountIn: i * 5n * 10n ** 18n + 7n,
      amountOut: i * 9_990_000_000n - i * i * 3_000_000n,
    }));
    const pool: Pool = {
      id: 'ladder',
      adapter: 'desk',
      chainId: 1,
      tokens: [weth, usdc],
      curve: { kind: 'ladder', tokenInIndex: 0, points },
      gas: { base: 0n, perTick: 0n },
      asOf: { source: 'desk', timeSeconds: NOW },
      payload: null,
    };
    for (const deltaUnits of ['15.1', '19', '100', '1000']) {
      const { hops, servedUnits, spent, status } = routeHedge({
        side: 'sell',
        deltaUnits,
        baseTokens: [weth],
        quoteTokens: [usdc],
        pools: [pool],
        bridges: [],
        inventories: [{ token: weth, atoms: 10n ** 24n }],
        gasPriceWei: { 1: 0n },
        nativePrice: { 1: '2000' },
        referencePrice: '2000',
        timeAtRisk: { kind: 'price', bpsPerHour: '0' },
        slippageBps: 0,
        onShortfall: 'partial',
      });
      expect(hops).toMatchObject([points[2]!]);
      expect([status, servedUnits, spent[0]!.atoms]).toEqual(['partial', '15.000000000000000007', points[2]!.amountIn]);
    }
  });

  it('leave out rungs that guarantee no more than a smaller one, and sizes of nothing', () => {
    const quote = (atoms: bigint, minReceived: bigint): Quote => ({
      ...answer,
      input: { token: usdc, atoms },
      minReceived,
    });
    const { pools } = laddersOf([quote(30n, 20n), quote(10n, 9n), quote(20n, 9n), quote(40n, 19n)], clean);
    expect(pools[0]!.curve).toMatchObject({
      points: [
        { amountIn: 10n, amountOut: 9n },
        { amountIn: 30n, amountOut: 20n },
      ],
    });
    expect(ladderRequests({ ...whole, input: { token: usdc, atoms: 5n } }, 32).map(({ input }) => input.atoms)).toEqual(
      [1n, 2n, 5n],
    );
    for (const rungs of [0, 33, 1.5, Number.NaN]) {
      expect(() => ladderRequests(whole, rungs)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    }
  });
});

const sized = (atoms: bigint): QuoteRequest => ({ ...whole, input: { token: usdc, atoms } });

const answer: Quote = {
  id: 'q',
  adapter: 'desk',
  kind: 'venue',
  input: { token: usdc, atoms: 1n },
  output: { token: weth, atoms: 10n ** 18n },
  minReceived: 1n,
  fees: [],
  gas: [],
  timeSeconds: { expected: 1, worst: 2 },
  validUntil: NOW + 30,
  asOf: { source: 'desk', timeSeconds: NOW, chainId: 1 },
  onFailure: 'revert',
  payload: null,
};

describe('a desk that bids well in the ladder and badly in the firm quote', () => {
  it('is refused, believed less, loses to an honest one, and is believed again with time', async () => {
    const liar = desk('liar', (nth) => (nth <= RUNGS ? 0 : 40));
    const honest = (): VenueAdapter => desk('honest', () => 20);
    const before = await laddersFrom([liar, honest()]);
    const [hop] = routeOver(before.pools).hops;
    expect(hop).toMatchObject({ adapter: 'liar' });

    const input = { venue: liar, asked: sized(hop!.amountIn), promised: hop!.amountOut, trust: clean, limitMs: 500 };
    const refused = await requote(input, never);
    expect(refused).toMatchObject({
      accepted: false,
      code: 'WORSE_THAN_LADDER',
      change: { adapter: 'liar', beforeBps: 0 },
    });
    expect(clean.records).toEqual([]);
    const { records } = refused;
    expect(records).toMatchObject([{ adapter: 'liar', breaches: 1, atSeconds: NOW }]);
    // Forty basis points, less what the straight line promised too little.
    expect(records[0]!.shortfallBps).toBeGreaterThan(38);
    expect(records[0]!.shortfallBps).toBeLessThanOrEqual(40);

    // The next round shades the ladder: the honest desk, twenty basis points dearer, is the better one.
    const fresh = (): VenueAdapter => desk('liar', (nth) => (nth <= RUNGS ? 0 : 40));
    const after = await laddersFrom([fresh(), honest()], { ...clean, records });
    expect(routeOver(after.pools).hops).toMatchObject([{ adapter: 'honest' }]);

    // Three half-lives later it is five basis points, and the liar is the better one again.
    const later = { ...clean, records, nowSeconds: NOW + 3 * DEFAULT_TRUST_RULES.halfLifeSeconds };
    expect(routeOver((await laddersFrom([fresh(), honest()], later)).pools).hops[0]).toMatchObject({ adapter: 'liar' });
    expect(explainTrust(later)[0]!.sentence).toMatch(/liar is believed \d\.\d bp less/);
  });

  it('is not asked any more once it fell short by too much', async () => {
    let trust = clean;
    for (const cut of [60, 60]) trust = { ...trust, records: lowerTrust(trust, 'liar', cut).records };
    expect(isDistrusted(trust, 'liar')).toBe(true);
    const { pools, refusals } = await laddersFrom([desk('liar', () => 0), desk('honest', () => 0)], trust);
    expect(pools.map(({ adapter }) => adapter)).toEqual(['honest']);
    expect(refusals).toMatchObject([{ adapter: 'liar', kind: 'venue', chainId: 1, code: 'DISTRUSTED' }]);
    expect(trust.records).toMatchObject([{ breaches: 2, shortfallBps: 120 }]);
  });
});

describe('requote', () => {
  const input = { asked: whole, promised: 10n ** 18n, trust: clean, limitMs: 50 };
  const withQuote = (quote: VenueAdapter['quote']): VenueAdapter => ({ ...desk('desk', () => 0), quote: quote! });

  it('lets the market move within the tolerance', async () => {
    const { curve } = (await laddersFrom([desk('desk', () => 0)])).pools[0]!;
    const promised = swapExactIn(curve, 0, whole.input.atoms).amountOut;
    for (const [cut, accepted] of [
      [DEFAULT_TRUST_RULES.toleranceBps, true],
      [DEFAULT_TRUST_RULES.toleranceBps + 1, false],
    ] as const) {
      expect(await requote({ ...input, promised, venue: desk('desk', () => cut) }, never)).toMatchObject({ accepted });
    }
  });

  it.each<[string, VenueAdapter['quote'], string]>([
    ['hangs', () => new Promise(() => undefined), 'TIMED_OUT'],
    ['throws', () => Promise.reject(new Error('no')), 'ADAPTER_FAILED'],
    ['answers nonsense', () => Promise.resolve({} as Quote), 'INVALID_SHAPE'],
    ['speaks for another', () => Promise.resolve({ ...answer, adapter: 'other' }), 'WRONG_ADAPTER'],
    ['answers for another amount', () => Promise.resolve(answer), 'WRONG_AMOUNT'],
    ['was too late', () => Promise.resolve({ ...answer, ...full, validUntil: NOW }), 'EXPIRED'],
    ['pays less than nothing', () => Promise.resolve({ ...answer, ...full, minReceived: -1n }), 'INVALID_SHAPE'],
  ])('refuses a desk that %s, which is no broken word', async (_name, quote, code) => {
    const refused = await requote({ ...input, venue: withQuote(quote) }, never);
    expect(refused).toMatchObject({ accepted: false, code, records: [] });
    expect(refused).not.toHaveProperty('change');
  });

  it('stops with the caller', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(requote({ ...input, venue: withQuote(() => new Promise(() => undefined)) }, signal)).rejects.toThrow(
      'enough',
    );
  });
});

const full = { input: whole.input, minReceived: 10n ** 18n };

describe('trust', () => {
  it('falls with every broken word, comes back with time, and never leaves 0 to 10,000', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0.1, max: 9_000, noNaN: true }), fc.integer({ min: 0, max: 20_000 })), {
          maxLength: 8,
        }),
        (breaches) => {
          let trust = clean;
          for (const [shortfall, wait] of breaches) {
            const before = shortfallOf(trust, 'a');
            const { change, records } = lowerTrust(trust, 'a', shortfall);
            trust = { ...trust, records };
            expect(change.afterBps).toBeGreaterThanOrEqual(before);
            expect(change.afterBps).toBeLessThanOrEqual(10_000);
            expect(shortfallOf(trust, 'b')).toBe(0);
            const now = shortfallOf(trust, 'a');
            trust = { ...trust, nowSeconds: trust.nowSeconds + wait };
            expect(shortfallOf(trust, 'a')).toBeLessThanOrEqual(now);
          }
          trust = { ...trust, nowSeconds: trust.nowSeconds + 40 * DEFAULT_TRUST_RULES.halfLifeSeconds };
          expect(shortfallOf(trust, 'a')).toBe(0);
          if (breaches.length > 0) expect(explainTrust(trust)[0]!.sentence).toMatch(/believed again/);
        },
      ),
    );
    for (const shortfall of [0, -1, 10_001, Number.NaN]) {
      expect(() => lowerTrust(clean, 'a', shortfall)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    }
  });
});
