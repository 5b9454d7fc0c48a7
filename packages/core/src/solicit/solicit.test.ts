import { EvenkeelError } from '@evenkeel/intents';
import type { Pool } from '../model/curve.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import type { Token } from '../model/token.js';
import type { Clock } from '../ports/ambient.js';
import type { BridgeAdapter, LaneLimits } from '../ports/bridge.js';
import type { VenueAdapter } from '../ports/venue.js';
import { compare, type CompareRequest } from './compare.js';
import { type Refusal, type Solicitation, solicit, type SolicitRequest } from './solicit.js';

const token = (chainId: number, digit: string, symbol: string, decimals: number): Token => ({
  chainId,
  address: `0x${digit.repeat(40)}`,
  symbol,
  decimals,
});
const usdc = [1, 2].map((chainId) => token(chainId, 'a', 'USDC', 6));
const weth = [1, 2].map((chainId) => token(chainId, 'b', 'WETH', 18));
const NOW = 1_000_000;

const goodPool: Pool = {
  id: 'pair',
  adapter: 'good',
  chainId: 1,
  tokens: [usdc[0]!, weth[0]!],
  curve: { kind: 'constant-product', reserves: [2_000_000_000_000n, 10n ** 21n], feePpm: 3000 },
  gas: { base: 100_000n, perTick: 0n },
  asOf: { source: 'good', timeSeconds: NOW, chainId: 1, blockNumber: 7 },
  payload: null,
};

function venue(id: string, liquidity: VenueAdapter['liquidity'], chains: number[] = [1]): VenueAdapter {
  return {
    kind: 'venue',
    id,
    name: id,
    capabilities: { chains, curve: true, quote: false },
    targets: () => [],
    ...(liquidity === undefined ? {} : { liquidity }),
    build: () => [],
  };
}

const transfer: QuoteRequest = {
  input: { token: usdc[0]!, atoms: 1_000_000_000n },
  tokenOut: usdc[1]!,
  sender: `0x${'1'.repeat(40)}`,
  recipient: `0x${'1'.repeat(40)}`,
  slippageBps: 10,
  deadline: NOW + 3600,
};

function goodQuote(request: QuoteRequest, adapter: string): Quote {
  const fee = request.input.atoms / 1000n;
  const output = { token: request.tokenOut, atoms: request.input.atoms - fee };
  return {
    id: `${adapter}-1`,
    adapter,
    kind: 'bridge',
    input: request.input,
    output,
    minReceived: output.atoms,
    fees: [{ kind: 'relayer', amount: { token: request.input.token, atoms: fee }, included: true }],
    gas: [{ chainId: 1, units: 90_000n }],
    timeSeconds: { expected: 60, worst: 600 },
    validUntil: NOW + 30,
    asOf: { source: adapter, timeSeconds: NOW, chainId: 1 },
    onFailure: 'refund-automatic',
    payload: { nested: [1, 'two', null] },
  };
}

function bridge(
  id: string,
  change: (quote: Quote) => unknown = (quote) => quote,
  limits: unknown = { min: 1n, max: 10n ** 15n, reason: 'test' },
): BridgeAdapter {
  return {
    kind: 'bridge',
    id,
    name: id,
    capabilities: { lanes: [{ from: usdc[0]!, to: usdc[1]! }], destinationCalls: false, recoverable: false },
    targets: () => [],
    limits: () => Promise.resolve(limits as LaneLimits),
    quote: (request) => Promise.resolve(change(goodQuote(request, id)) as Quote),
    build: () => [],
    track: () => Promise.resolve({ state: 'pending', reason: '' }),
  };
}

/** A clock that moves only when nothing else can: sleepers are woken in order once all other work is done. */
function fakeClock(): Clock & { slept: number[] } {
  let now = NOW * 1000;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
        setTimeout(() => {
          if (signal?.aborted) return;
          now += milliseconds;
          slept.push(milliseconds);
          resolve();
        }, 15);
      }),
  };
}

const request: SolicitRequest = { tokens: [...usdc, ...weth], quotes: [], transfers: [transfer], maxAgeSeconds: 60 };

function ask(
  venues: VenueAdapter[],
  bridges: BridgeAdapter[] = [],
  fields: Partial<SolicitRequest> = {},
  signal: AbortSignal = new AbortController().signal,
  clock: Clock = fakeClock(),
): Promise<Solicitation> {
  return solicit({ ...request, ...fields }, { venues, bridges, clock, signal, deadlineMs: 500, graceMs: 20 });
}

const codes = (refusals: readonly Refusal[]): string[] => refusals.map(({ adapter, code }) => `${adapter} ${code}`);
const good = venue('good', () => Promise.resolve([goodPool]));

describe('solicit', () => {
  it('takes what is sound, as frozen copies, and does not wait for the deadline when all have answered', async () => {
    const mutable = structuredClone(goodPool) as { gas: { base: bigint } } & Pool;
    const clock = fakeClock();
    const result = await ask([venue('good', () => Promise.resolve([mutable]))], [bridge('lane')], {}, undefined, clock);
    mutable.gas.base = 0n;
    expect(result.pools).toEqual([goodPool]);
    expect(Object.isFrozen(result.pools[0]!.curve)).toBe(true);
    expect(result.bridges).toHaveLength(1);
    expect(result.refusals).toEqual([]);
    expect(clock.slept).toEqual([]);
    expect(result.answers.map(({ adapter }) => adapter).sort()).toEqual(['good', 'lane']);
  });

  it('lets no adapter harm another, and reports each fault', async () => {
    const foreign = new TypeError('boom');
    class OwnError extends EvenkeelError {
      constructor() {
        super('RPC_DOWN', 'The node does not answer.');
      }
    }
    const result = await ask([
      good,
      venue('throws', () => {
        throw foreign;
      }),
      venue('rejects', () => Promise.reject(new OwnError())),
      venue('nothing', undefined),
      venue('garbage', () => Promise.resolve('<html>' as never)),
      venue('getter', () =>
        Promise.resolve([
          {
            get id(): string {
              throw new Error('trap');
            },
          },
        ] as never),
      ),
      venue('function', () => Promise.resolve([{ ...goodPool, payload: () => 1 }] as never)),
      venue('nan', () =>
        Promise.resolve([{ ...goodPool, adapter: 'nan', curve: { ...goodPool.curve, feePpm: Number.NaN } }] as never),
      ),
      venue('impostor', () => Promise.resolve([goodPool])),
      venue('hangs', () => new Promise(() => undefined)),
      venue(
        'polite',
        ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new OwnError()))),
      ),
    ]);
    expect(result.pools).toEqual([goodPool]);
    expect(codes(result.refusals)).toEqual([
      'function INVALID_SHAPE',
      'garbage INVALID_SHAPE',
      'getter INVALID_SHAPE',
      'hangs IGNORES_ABORT',
      'impostor WRONG_ADAPTER',
      'nan INVALID_SHAPE',
      'nothing ADAPTER_FAILED',
      'polite TIMED_OUT',
      'rejects ADAPTER_FAILED',
      'throws ADAPTER_FAILED',
    ]);
    expect(result.refusals.find(({ adapter }) => adapter === 'rejects')!.sentence).toContain('RPC_DOWN');
  });

  it('refuses curves that cannot be', async () => {
    const concentrated = {
      kind: 'concentrated',
      sqrtPriceX96: 2n ** 96n,
      tick: 0,
      liquidity: 100n,
      tickSpacing: 10,
      feePpm: 500,
      ticks: [
        { index: -10, liquidityNet: 100n },
        { index: 10, liquidityNet: -100n },
      ],
      tickRange: { low: -20, high: 20 },
    } as const;
    const curves = {
      fine: concentrated,
      zero: { kind: 'constant-product', reserves: [0n, 1n], feePpm: 3000 },
      fee: { kind: 'constant-product', reserves: [1n, 1n], feePpm: -1 },
      unsorted: { ...concentrated, ticks: [...concentrated.ticks].reverse() },
      spacing: { ...concentrated, ticks: [{ index: 3, liquidityNet: 1n }] },
      negative: { ...concentrated, liquidity: 50n },
      price: { ...concentrated, tick: 5 },
      levels: { kind: 'levels', tokenInIndex: 0, levels: [{ amountIn: 0n, amountOut: 1n }] },
      order: {
        kind: 'levels',
        tokenInIndex: 0,
        levels: [
          { amountIn: 2n, amountOut: 1n },
          { amountIn: 1n, amountOut: 1n },
        ],
      },
      ladder: {
        kind: 'ladder',
        tokenInIndex: 0,
        points: [
          { amountIn: 2n, amountOut: 2n },
          { amountIn: 1n, amountOut: 3n },
        ],
      },
    };
    const pools = Object.entries(curves).map(([id, curve]) => ({ ...goodPool, id, curve }));
    const { pools: accepted, refusals } = await ask([venue('good', () => Promise.resolve(pools as never))]);
    expect(accepted.map(({ id }) => id)).toEqual(['fine']);
    expect(refusals.map(({ poolId }) => poolId).sort()).toEqual(
      Object.keys(curves)
        .filter((id) => id !== 'fine')
        .sort(),
    );
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['CURVE_INVALID']));
  });

  it('refuses pools of other tokens, other decimals, and doubles', async () => {
    const liar = { ...usdc[0]!, decimals: 18 };
    const { pools, refusals } = await ask([
      venue('good', () =>
        Promise.resolve([
          goodPool,
          goodPool,
          { ...goodPool, id: 'liar', tokens: [liar, weth[0]!] },
          { ...goodPool, id: 'away', chainId: 2 },
          { ...goodPool, id: 'other', tokens: [token(1, 'e', 'X', 18), weth[0]!] },
        ]),
      ),
    ]);
    expect(pools).toHaveLength(1);
    expect(refusals.map(({ code }) => code).sort()).toEqual([
      'DUPLICATE',
      'WRONG_TOKENS',
      'WRONG_TOKENS',
      'WRONG_TOKENS',
    ]);
  });

  it('checks the arithmetic of bridge quotes', async () => {
    const faults: [string, (quote: Quote) => unknown, string][] = [
      [
        'hidden',
        (q) => ({ ...q, output: { ...q.output, atoms: q.output.atoms - 5_000_000n }, minReceived: 1n }),
        'MIN_RECEIVED_TOO_LOW',
      ],
      [
        'short',
        (q) => ({
          ...q,
          output: { ...q.output, atoms: q.output.atoms - 500_000n },
          minReceived: q.minReceived - 600_000n,
        }),
        'ARITHMETIC',
      ],
      ['generous', (q) => ({ ...q, output: { ...q.output, atoms: q.output.atoms + 500_000n } }), 'ARITHMETIC'],
      ['above', (q) => ({ ...q, minReceived: q.output.atoms + 1n }), 'MIN_RECEIVED_ABOVE_OUTPUT'],
      ['expired', (q) => ({ ...q, validUntil: NOW }), 'EXPIRED'],
      [
        'negative',
        (q) => ({ ...q, fees: [{ ...q.fees[0]!, amount: { token: usdc[0]!, atoms: -1n } }] }),
        'FEE_NEGATIVE',
      ],
      ['minus', (q) => ({ ...q, minReceived: -1n }), 'INVALID_SHAPE'],
      ['nothing', (q) => ({ ...q, output: { ...q.output, atoms: 0n }, minReceived: 0n }), 'WRONG_AMOUNT'],
      ['amount', (q) => ({ ...q, input: { ...q.input, atoms: 5n } }), 'WRONG_AMOUNT'],
      ['token', (q) => ({ ...q, output: { ...q.output, token: weth[1]! } }), 'WRONG_TOKENS'],
      ['decimals', (q) => ({ ...q, output: { ...q.output, token: { ...usdc[1]!, decimals: 8 } } }), 'WRONG_TOKENS'],
      ['nan', (q) => ({ ...q, validUntil: Number.NaN }), 'INVALID_SHAPE'],
      ['kind', (q) => ({ ...q, kind: 'venue' }), 'WRONG_ADAPTER'],
    ];
    const result = await ask([], [bridge('fine'), ...faults.map(([id, change]) => bridge(id, change))]);
    expect(result.bridges.map(({ adapter }) => adapter)).toEqual(['fine']);
    expect(codes(result.refusals)).toEqual(faults.map(([id, , code]) => `${id} ${code}`).sort());
  });

  it('asks a bridge only for what it can carry now', async () => {
    const result = await ask(
      [],
      [
        bridge('small', undefined, { min: 1n, max: 400_000_000n, reason: 'far-side collateral 400 USDC' }),
        bridge('empty', undefined, { min: 1n, max: 0n, reason: 'no collateral' }),
        bridge('broken', undefined, { min: -1n, max: 5n, reason: '' }),
      ],
    );
    expect(result.bridges.map(({ quote }) => quote.input.atoms)).toEqual([400_000_000n]);
    expect(codes(result.refusals)).toEqual(['broken INVALID_SHAPE', 'empty LIMIT_EXCEEDED']);
    expect(result.refusals[1]!.sentence).toContain('no collateral');
  });

  it('refuses what is stale against the newest block seen, and blocks from the future', async () => {
    const at = (adapter: string, timeSeconds: number): VenueAdapter =>
      venue(adapter, () => Promise.resolve([{ ...goodPool, adapter, asOf: { source: adapter, timeSeconds } }]));
    const result = await ask([
      at('new', NOW),
      at('fresh', NOW - 60),
      at('stale', NOW - 61),
      at('future', NOW + 10_000),
    ]);
    expect(result.pools.map(({ adapter }) => adapter)).toEqual(['fresh', 'new']);
    expect(codes(result.refusals)).toEqual(['future STALE', 'stale STALE']);
    const known = await ask([at('fresh', NOW - 60)], [], { newestBlockSeconds: { 1: NOW + 30 } });
    expect(codes(known.refusals)).toEqual(['fresh STALE']);
  });

  it('stops when its signal aborts, and tells the adapters', async () => {
    const controller = new AbortController();
    let told = false;
    const waiting = venue('waits', ({ signal }) => {
      signal.addEventListener('abort', () => (told = true));
      return new Promise(() => undefined);
    });
    const pending = ask([waiting], [], {}, controller.signal);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'SOLICIT_ABORTED' });
    expect(told).toBe(true);
    await expect(ask([good], [], {}, controller.signal)).rejects.toMatchObject({ code: 'SOLICIT_ABORTED' });
  });

  it('refuses a deadline that is none', async () => {
    const context = { venues: [], bridges: [], clock: fakeClock(), signal: new AbortController().signal, graceMs: 1 };
    await expect(solicit(request, { ...context, deadlineMs: Number.NaN })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });
});

describe('compare', () => {
  const basis: CompareRequest = {
    side: 'buy',
    deltaUnits: '1',
    baseTokens: weth,
    quoteTokens: usdc,
    referencePrice: '2000',
    gasPriceWei: { 1: 10n ** 9n },
    nativePrice: { 1: '2000' },
    timeCostBpsPerHour: 1,
  };

  it('prices everything on one scale whose kinds sum, and sorts', async () => {
    const dear = {
      ...goodPool,
      id: 'dear',
      adapter: 'good',
      curve: { kind: 'constant-product', reserves: [2_020_000_000_000n, 10n ** 21n], feePpm: 3000 },
    } as const;
    const tiny = {
      ...goodPool,
      id: 'tiny',
      curve: { kind: 'constant-product', reserves: [1_000_000_000n, 5n * 10n ** 17n], feePpm: 500 },
    } as const;
    const offers = await ask(
      [
        venue('good', () => Promise.resolve([dear, goodPool, tiny])),
        venue('bad', () => Promise.reject(new Error('x'))),
      ],
      [
        bridge('lane'),
        bridge('cheap', (q) => ({
          ...q,
          output: { ...q.output, atoms: 999_900_000n },
          minReceived: 999_900_000n,
          fees: [{ ...q.fees[0]!, amount: { token: usdc[0]!, atoms: 100_000n } }],
        })),
      ],
    );
    const rows = compare(offers, basis);
    expect(rows.map(({ adapter, poolId }) => poolId ?? adapter)).toEqual([
      'pair',
      'dear',
      'tiny',
      'cheap',
      'lane',
      'bad',
    ]);
    // 2,000,000·1/999/0.997 paid for one, and 0.2 of gas.
    expect(rows[0]!.costBps).toBeCloseTo(((2_000_000 / 999 / 0.997 + 0.2 - 2000) / 2000) * 1e4, 3);
    for (const { byKind, costBps } of rows) {
      if (byKind === undefined) continue;
      expect(Object.values(byKind).reduce((sum: number, cost: number) => sum + cost, 0)).toBeCloseTo(costBps!, 9);
    }
    expect(rows[4]!.costBps).toBeCloseTo(10 + 90_000e-9 * 2000 * 10 + 1 / 60, 6);
    expect(rows[5]!.reason).toMatch(/^Refused \(ADAPTER_FAILED\)/);

    const chosen = {
      pools: [{ adapter: 'good', chainId: 1, poolId: 'pair' }],
      lanes: [{ adapter: 'cheap', from: usdc[0]!, to: usdc[1]! }],
      marginalPrice: '2010',
    };
    const after = compare(offers, { ...basis, chosen });
    const reasonOf = (name: string): string =>
      after.find(({ adapter, poolId }) => (poolId ?? adapter) === name)!.reason;
    expect(after.filter(({ accepted }) => accepted).map(({ adapter }) => adapter)).toEqual(['good', 'cheap']);
    expect(reasonOf('dear')).toBe(
      `Lost: ${((2020 / 0.997 / 2010 - 1) * 1e4).toFixed(1)} bp dearer than the marginal price of the chosen mix.`,
    );
    expect(reasonOf('tiny')).toContain('Cannot carry the whole probe');
    expect(reasonOf('lane')).toBe('Lost: 9.0 bp dearer than cheap on the same lane.');
    // A lane that nothing takes has no cost: its quote is for whatever lies there.
    const idle = compare(offers, { ...basis, chosen: { ...chosen, lanes: [] } }).filter(({ kind, poolId }) => {
      return kind === 'bridge' && poolId === undefined;
    });
    expect(idle.length).toBeGreaterThan(0);
    for (const { byKind, costBps } of idle) expect([byKind, costBps]).toEqual([undefined, undefined]);
  });

  it('sells on the same scale', async () => {
    const offers = await ask([good]);
    const [row] = compare(offers, { ...basis, side: 'sell' });
    const received = (2_000_000 * 0.997) / (1000 + 0.997);
    expect(row!.costBps).toBeCloseTo(((2000 - received + 0.2) / 2000) * 1e4, 3);
  });
});
