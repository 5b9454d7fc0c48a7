import { Interface, MaxUint256 } from 'ethers';
import {
  bridgeConformance,
  type BridgeSubject,
  type Check,
  type CheckResult,
  positionSourceConformance,
  runChecks,
  venueConformance,
  type VenueSubject,
} from '@evenkeel/adapters/conformance';
import type {
  Address,
  BridgeAdapter,
  Call,
  Hex,
  Pool,
  PositionReading,
  Quote,
  SwapFill,
  VenueAdapter,
} from '@evenkeel/core';
import {
  acrossSubject,
  balancer,
  type ConformanceWorld,
  openConformanceWorld,
  positionSubject,
  uniswapSubject,
} from './support/conformance-world.js';

const STRANGER: Address = '0x00000000000000000000000000000000000BAd00';
const erc20 = new Interface(['function approve(address, uint256)', 'function transfer(address, uint256)']);
const encode = (name: 'approve' | 'transfer', to: Address, atoms: bigint): Hex =>
  erc20.encodeFunctionData(name, [to, atoms]) as Hex;

let place: ConformanceWorld;

beforeAll(async () => {
  place = await openConformanceWorld();
}, 120_000);
afterAll(() => place?.close());

/** Checks are independent of one another, so that those that wait for a time limit may wait together. */
async function failuresOf(checks: readonly Check[]): Promise<Readonly<Record<string, string>>> {
  const results = (await Promise.all(checks.map((check) => runChecks([check])))).flat();
  const failed = results.filter((result): result is Extract<CheckResult, { status: 'failed' }> => {
    if (result.status === 'failed') expect(result.error).toMatchObject({ code: 'CONFORMANCE_FAILED' });
    return result.status === 'failed';
  });
  return Object.fromEntries(failed.map(({ error, name }) => [name, error.message]));
}

const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
};

type Venue = VenueAdapter & Required<Pick<VenueAdapter, 'liquidity'>>;
type QuotingVenue = VenueAdapter & Required<Pick<VenueAdapter, 'quote'>>;

/** A Uniswap V2 of which one thing is bad. */
type Spoil = (good: Venue) => Partial<VenueAdapter>;

const withPools =
  (change: (pool: Pool) => Pool): Spoil =>
  (good) => ({ liquidity: async (request) => frozen((await good.liquidity(request)).map(change)) });

const withCurve = (
  change: (curve: Extract<Pool['curve'], { kind: 'constant-product' }>) => Partial<typeof curve>,
): Spoil =>
  withPools((pool) => {
    const { curve } = pool;
    return curve.kind === 'constant-product' ? { ...pool, curve: { ...curve, ...change(curve) } } : pool;
  });

/** Builds, and then does something to the calls of a swap. */
const withCalls =
  (change: (calls: readonly Call[], fill: SwapFill, good: Venue) => readonly Call[]): Spoil =>
  (good) => ({
    build: (fill) => (fill.kind === 'swap' ? frozen(change(good.build(fill), fill, good)) : good.build(fill)),
  });

interface BadVenue {
  readonly is: string;
  readonly spoil: Spoil;
  /** For those that hang. All others have as long as a busy machine may need. */
  readonly patience?: VenueSubject['patience'];
  /** Every check that fails, and what its message must say. */
  readonly caughtBy: Readonly<Record<string, RegExp>>;
}

const LIQUIDITY_CHECKS = [
  'liquidity-is-found',
  'pools-are-well-formed',
  'pool-ids-are-stable',
  'liquidity-of-unknown-tokens-is-none',
  'liquidity-leaves-its-request-alone',
  'liquidity-heeds-its-signal',
  'liquidity-of-an-unknown-chain-throws-only-our-errors',
];
const CURVE_CHECKS = [
  'curve-build-is-pure',
  'curve-calls-are-well-formed',
  'curve-calls-go-only-to-targets',
  'curve-allowances-are-exact',
  'curve-no-allowance-is-left',
  'curve-spends-exactly-the-input',
  'curve-delivers-what-was-said',
  'curve-output-goes-only-to-the-recipient',
  'curve-min-received-is-enforced',
  'curve-deadline-is-enforced',
];
const all = (names: readonly string[], pattern: RegExp): Record<string, RegExp> =>
  Object.fromEntries(names.map((name) => [name, pattern]));

let counter = 0;

const badVenues: readonly BadVenue[] = [
  {
    is: 'arithmetic that promises too much',
    spoil: withCurve(({ reserves: [a, b], feePpm }) => ({ reserves: [a, b], feePpm: feePpm - 1_000 })),
    caughtBy: {
      'curve-delivers-what-was-said':
        /to deliver \d+ atoms .* as was said, but \d+ arrive, \d+ bps less\. .*arithmetic/,
    },
  },
  {
    is: 'arithmetic that promises too little',
    spoil: withCurve(({ feePpm }) => ({ feePpm: feePpm + 1_000 })),
    caughtBy: {
      'curve-delivers-what-was-said': /exactly the \d+ atoms that the curve says/,
      'curve-min-received-is-enforced': /it goes through/,
    },
  },
  {
    is: 'a hidden fee on the input',
    spoil: withCalls((_, fill, good) => {
      const fee = fill.amountIn / 100n;
      const calls = good.build({ ...fill, amountIn: fill.amountIn - fee });
      const { address, chainId } = fill.tokenIn;
      const data = encode('transfer', STRANGER, fee);
      return [...calls, { chainId, to: address, data, valueWei: 0n, purpose: 'action', description: 'a fee' }];
    }),
    caughtBy: {
      'curve-calls-go-only-to-targets': /selector 0xa9059cbb/,
      'curve-allowances-are-exact': /to cover exactly the input/,
      'curve-delivers-what-was-said': /a fee that the quote or curve does not show/,
    },
  },
  {
    is: 'a liquidity that never answers',
    spoil: () => ({ liquidity: () => new Promise(() => undefined) }),
    patience: { timeoutMs: 1_000, abortMs: 1_000 },
    caughtBy: {
      ...all(LIQUIDITY_CHECKS, /it (did not|went on)/),
      ...all(CURVE_CHECKS, /within 1000 ms, but it did not/),
    },
  },
  {
    is: 'deaf to an abort',
    spoil: (good) => ({
      liquidity: (request) => good.liquidity({ ...request, signal: new AbortController().signal }),
    }),
    caughtBy: { 'liquidity-heeds-its-signal': /to reject when its signal has aborted, but it (answered|went on)/ },
  },
  {
    is: 'throwing errors of somebody else',
    spoil: (good) => ({
      liquidity: (request) => {
        if (request.chainId > 1_000_000) throw new TypeError('chains[request.chainId] is undefined');
        return good.liquidity(request);
      },
      build: (fill) => {
        if (fill.kind === 'swap' && fill.pool.adapter !== good.id) throw new Error('boom');
        return good.build(fill);
      },
    }),
    caughtBy: {
      'liquidity-of-an-unknown-chain-throws-only-our-errors': /it threw TypeError/,
      'foreign-fills-are-refused': /it threw Error \("boom"\)/,
    },
  },
  {
    is: 'a NaN',
    spoil: withPools((pool) => ({ ...pool, asOf: { ...pool.asOf, timeSeconds: Number.NaN } })),
    caughtBy: { 'pools-are-well-formed': /asOf\.timeSeconds is not/ },
  },
  {
    is: 'a negative amount',
    spoil: withPools((pool) => ({ ...pool, gas: { ...pool.gas, base: -1n } })),
    caughtBy: { 'pools-are-well-formed': /to say its gas/ },
  },
  {
    is: 'wrong decimals',
    spoil: withPools((pool) => {
      const [a, b] = pool.tokens;
      return {
        ...pool,
        tokens: [
          { ...a, decimals: 18 },
          { ...b, decimals: 18 },
        ],
      };
    }),
    caughtBy: { 'pools-are-well-formed': /USDC its 6 decimals, but it gives 18/ },
  },
  {
    is: 'an unlimited allowance',
    spoil: withCalls(([, ...rest], { tokenIn }, good) => [
      {
        chainId: tokenIn.chainId,
        to: tokenIn.address,
        data: encode('approve', good.targets(tokenIn.chainId)[0]!, MaxUint256),
        valueWei: 0n,
        purpose: 'approve',
        description: 'approve once and for all',
      },
      ...rest,
    ]),
    caughtBy: {
      'curve-allowances-are-exact': /one lets 0x\w+ take 1157920892/,
      'curve-no-allowance-is-left': /may still take/,
    },
  },
  {
    is: 'an allowance for a stranger',
    spoil: withCalls((calls, { amountIn, tokenIn }) => [
      ...calls,
      {
        chainId: tokenIn.chainId,
        to: tokenIn.address,
        data: encode('approve', STRANGER, amountIn),
        valueWei: 0n,
        purpose: 'approve',
        description: 'approve a friend',
      },
    ]),
    caughtBy: {
      'curve-allowances-are-exact': /BAd00, which is not in targets/,
      'curve-no-allowance-is-left': /BAd00 may still take/,
    },
  },
  {
    is: 'a call to a foreign target',
    spoil: withCalls((calls, { tokenIn }) => [
      ...calls,
      {
        chainId: tokenIn.chainId,
        to: STRANGER,
        data: '0x12345678',
        valueWei: 0n,
        purpose: 'action',
        description: 'hi',
      },
    ]),
    caughtBy: { 'curve-calls-go-only-to-targets': /it goes to 0x\w+BAd00 with selector 0x12345678/ },
  },
  {
    is: 'an approval that is called an action',
    spoil: withCalls((calls) => calls.map((call) => ({ ...call, purpose: 'action' }))),
    caughtBy: { 'curve-calls-are-well-formed': /to be called an approval/ },
  },
  {
    is: 'an output that goes to a stranger',
    spoil: withCalls((_, fill, good) => good.build({ ...fill, recipient: STRANGER })),
    caughtBy: {
      'curve-delivers-what-was-said': /but 0 arrive/,
      'curve-output-goes-only-to-the-recipient': /nothing reaches it/,
    },
  },
  {
    is: 'an output that goes to the sender',
    spoil: withCalls((_, fill, good) => good.build({ ...fill, recipient: fill.sender })),
    caughtBy: {
      'curve-delivers-what-was-said': /but 0 arrive/,
      'curve-output-goes-only-to-the-recipient': /nothing reaches it/,
    },
  },
  {
    is: 'changing the request that it is given',
    spoil: (good) => ({
      liquidity: (request) => {
        for (const token of request.tokens) (token as { symbol: string }).symbol = token.symbol.toLowerCase();
        return good.liquidity(request);
      },
    }),
    caughtBy: { 'liquidity-leaves-its-request-alone': /but the adapter changed it\. Copy what you want to change/ },
  },
  {
    is: 'changing the fill that it is given',
    spoil: (good) => ({
      build: (fill) => {
        const calls = good.build(fill);
        if (fill.kind === 'swap') (fill as { deadline: number }).deadline += 600;
        return calls;
      },
    }),
    caughtBy: { 'curve-build-is-pure': /the fill that is given to build .* the adapter changed it/ },
  },
  {
    is: 'a build that differs each time',
    spoil: withCalls((calls) => calls.map((call) => ({ ...call, description: `${call.description} ${counter++}` }))),
    caughtBy: { 'curve-build-is-pure': /a second call differs/ },
  },
  {
    is: 'blind to the least that may arrive',
    spoil: withCalls((_, fill, good) => good.build({ ...fill, minReceived: 1n })),
    caughtBy: { 'curve-min-received-is-enforced': /to revert when one atom more is demanded, but it goes through/ },
  },
  {
    is: 'blind to the deadline',
    spoil: withCalls((_, fill, good) => good.build({ ...fill, deadline: 4_000_000_000 })),
    caughtBy: { 'curve-deadline-is-enforced': /to revert when its deadline has passed, but it goes through/ },
  },
  {
    is: 'trading less than it was told',
    spoil: withCalls((_, fill, good) => good.build({ ...fill, amountIn: fill.amountIn / 2n })),
    caughtBy: {
      'curve-allowances-are-exact': /to cover exactly the input/,
      'curve-spends-exactly-the-input': /to take exactly \d+ atoms/,
      'curve-delivers-what-was-said': /arrive/,
    },
  },
  {
    is: 'building what belongs to others',
    spoil: (good) => ({
      build: (fill) =>
        fill.kind === 'swap' && fill.pool.adapter !== good.id
          ? [{ chainId: 1, to: STRANGER, data: '0x', valueWei: 0n, purpose: 'action', description: 'whatever' }]
          : good.build(fill),
    }),
    caughtBy: { 'foreign-fills-are-refused': /it was accepted/ },
  },
  {
    is: 'saying that it quotes',
    spoil: () => ({ capabilities: { chains: [place.home.id], curve: true, quote: true } }),
    caughtBy: { 'capabilities-are-consistent': /capabilities\.quote to be false, but it is true/ },
  },
  {
    is: 'naming no targets',
    spoil: () => ({ targets: () => [] }),
    caughtBy: {
      'targets-are-named': /to name at least one contract/,
      'curve-calls-go-only-to-targets': /to go to one of targets/,
      'curve-allowances-are-exact': /which is not in targets/,
    },
  },
  {
    is: 'another pool id at each look',
    spoil: withPools((pool) => ({ ...pool, id: `${pool.id}-${counter++}` })),
    caughtBy: { 'pool-ids-are-stable': /a second look gives others/ },
  },
  {
    is: 'an id with spaces',
    spoil: () => ({ id: 'My Venue' }),
    caughtBy: { 'identity-is-stable': /small letters/, 'pools-are-well-formed': /to name its adapter, My Venue/ },
  },
];

describe('a venue with curves fails for', () => {
  it.each(badVenues.map((bad) => [bad.is, bad] as const))('%s', async (_, { caughtBy, patience, spoil }) => {
    const subject = uniswapSubject(place, 'v2');
    const good = subject.adapter as Venue;
    const adapter = frozen({ ...good, ...spoil(good) } as VenueAdapter);
    const bad = { ...subject, samples: subject.samples.slice(0, 1), adapter, ...(patience && { patience }) };
    const failures = await failuresOf(venueConformance(bad, ['curve']));
    expect(Object.keys(failures).sort()).toEqual(Object.keys(caughtBy).sort());
    for (const [check, pattern] of Object.entries(caughtBy)) expect(failures[check]).toMatch(pattern);
  });

  it('an object that can be changed', async () => {
    const subject = uniswapSubject(place, 'v2');
    const failures = await failuresOf(venueConformance({ ...subject, adapter: { ...subject.adapter } }, ['curve']));
    expect(Object.keys(failures)).toEqual(['object-is-frozen']);
  });
});

interface BadQuote {
  readonly is: string;
  readonly change: (quote: Quote) => Partial<Quote>;
  readonly caughtBy: Readonly<Record<string, RegExp>>;
}

const badQuotes: readonly BadQuote[] = [
  {
    is: 'a hidden fee',
    change: ({ output }) => {
      const atoms = (output.atoms * 1_003n) / 1_000n;
      return { output: { ...output, atoms }, minReceived: (atoms * 9_960n) / 10_000n };
    },
    caughtBy: { 'quote-delivers-what-was-said': /29 bps less\. .*a fee that the quote or curve does not show/ },
  },
  {
    is: 'a least above what is expected',
    change: ({ output }) => ({ minReceived: output.atoms + 1n }),
    caughtBy: {
      'quote-arithmetic-adds-up': /minReceived to be at most the output/,
      ...all(
        [
          'quote-no-allowance-is-left',
          'quote-spends-exactly-the-input',
          'quote-delivers-what-was-said',
          'quote-output-goes-only-to-the-recipient',
        ],
        /call 1 \(action: swap .*\) fails with "BAL#507"/,
      ),
    },
  },
  {
    is: 'more slippage than was allowed',
    change: ({ output }) => ({ minReceived: output.atoms / 2n }),
    caughtBy: { 'quote-arithmetic-adds-up': /within 50 bps of the output/ },
  },
  {
    is: 'a negative fee',
    change: ({ fees }) => ({ fees: fees.map((fee) => ({ ...fee, amount: { ...fee.amount, atoms: -5n } })) }),
    caughtBy: {
      'quote-arithmetic-adds-up': /the liquidity-provider fee of a quote to be a bigint of at least 0, but it is -5/,
    },
  },
  {
    is: 'a NaN',
    change: () => ({ timeSeconds: { expected: Number.NaN, worst: 60 } }),
    caughtBy: { 'quote-is-well-formed': /timeSeconds\.expected is not/ },
  },
  {
    is: 'wrong decimals',
    change: ({ output }) => ({ output: { ...output, token: { ...output.token, decimals: 8 } } }),
    caughtBy: { 'quote-is-well-formed': /the output of a quote to have the 18 decimals of WETH, but it has 8/ },
  },
  {
    is: 'an end in the past',
    change: ({ asOf }) => ({ validUntil: asOf.timeSeconds - 1 }),
    caughtBy: { 'quote-is-valid-in-the-future': /it ended at/ },
  },
  {
    is: 'an end in milliseconds',
    change: ({ validUntil }) => ({ validUntil: validUntil * 1_000 }),
    caughtBy: { 'quote-is-valid-in-the-future': /looks like milliseconds/ },
  },
  {
    is: 'another input than was asked for',
    change: ({ input }) => ({ input: { ...input, atoms: input.atoms - 1n } }),
    caughtBy: {
      'quote-is-well-formed': /it is for another input/,
      'quote-allowances-are-exact': /to cover exactly the input/,
      'quote-spends-exactly-the-input': /to take exactly/,
      'quote-delivers-what-was-said': /arrive/,
    },
  },
  {
    is: 'a payload that JSON cannot hold',
    change: () => ({ payload: { poolId: 7n } as unknown as Quote['payload'] }),
    caughtBy: {
      'quote-is-well-formed': /plain JSON/,
      ...all(
        [
          'quote-build-is-pure',
          'quote-calls-are-well-formed',
          'quote-calls-go-only-to-targets',
          'quote-allowances-are-exact',
          'quote-no-allowance-is-left',
          'quote-spends-exactly-the-input',
          'quote-delivers-what-was-said',
          'quote-output-goes-only-to-the-recipient',
        ],
        /names no known pool/,
      ),
    },
  },
];

describe('a venue with quotes fails for', () => {
  const spoiled = (change: (good: QuotingVenue) => Partial<VenueAdapter>): VenueSubject => {
    const subject = balancer(place);
    const good = subject.adapter as QuotingVenue;
    return {
      ...subject,
      samples: subject.samples.slice(0, 1),
      adapter: frozen({ ...good, ...change(good) } as VenueAdapter),
    };
  };

  it.each(badQuotes.map((bad) => [bad.is, bad] as const))('%s', async (_, { caughtBy, change }) => {
    const subject = spoiled((good) => ({
      quote: async (request, signal) => {
        const quote = await good.quote(request, signal);
        return frozen({ ...quote, ...change(quote) });
      },
    }));
    const failures = await failuresOf(venueConformance(subject, ['quote']));
    expect(Object.keys(failures).sort()).toEqual(Object.keys(caughtBy).sort());
    for (const [check, pattern] of Object.entries(caughtBy)) expect(failures[check]).toMatch(pattern);
  });

  it('quoting whatever it is asked', async () => {
    const { USDC, WETH } = place.home.tokens;
    const subject = spoiled((good) => ({
      quote: (request, signal) =>
        good.quote(
          {
            ...request,
            input: { ...request.input, atoms: request.input.atoms > 0n ? request.input.atoms : 1_000_000n },
            tokenOut:
              request.tokenOut.symbol === 'NOPE'
                ? request.input.token.symbol === 'WETH'
                  ? USDC
                  : WETH
                : request.tokenOut,
            deadline: 4_000_000_000,
          },
          signal,
        ),
    }));
    expect(Object.keys(await failuresOf(venueConformance(subject, ['quote']))).sort()).toEqual([
      'quote-after-the-deadline-is-refused',
      'quote-for-a-negative-amount-is-refused',
      'quote-for-an-unknown-token-is-refused',
      'quote-for-nothing-is-refused',
    ]);
  });

  it('changing its request, and deafness', async () => {
    const subject = spoiled((good) => ({
      quote: async (request) => {
        const quote = await good.quote(request, new AbortController().signal);
        (request as { slippageBps: number }).slippageBps = 500;
        return quote;
      },
    }));
    expect(Object.keys(await failuresOf(venueConformance(subject, ['quote']))).sort()).toEqual([
      'quote-heeds-its-signal',
      'quote-leaves-its-request-alone',
    ]);
  });
});

describe('a bridge fails for', () => {
  const spoiled = (change: (good: BridgeAdapter) => Partial<BridgeAdapter>): BridgeSubject => {
    const subject = acrossSubject(place);
    return { ...subject, adapter: frozen({ ...subject.adapter, ...change(subject.adapter) }) };
  };
  const failing = async (
    change: (good: BridgeAdapter) => Partial<BridgeAdapter>,
    capabilities: readonly 'execute'[] = [],
  ): Promise<Readonly<Record<string, string>>> => failuresOf(bridgeConformance(spoiled(change), capabilities));

  it('fees that do not add up', async () => {
    const failures = await failing((good) => ({
      quote: async (request, signal) => frozen({ ...(await good.quote(request, signal)), fees: [] }),
    }));
    expect(Object.keys(failures)).toEqual(['quote-arithmetic-adds-up']);
    expect(failures['quote-arithmetic-adds-up']).toMatch(/List every fee by kind/);
  });

  it('limits that it does not keep', async () => {
    const failures = await failing(() => ({
      limits: async (lane, signal) => {
        if (signal.aborted || lane.to.symbol === 'NOPE') return acrossSubject(place).adapter.limits(lane, signal);
        return frozen({ min: 1_000_000n, max: 150_000_000n, reason: 'what we like' });
      },
    }));
    expect(Object.keys(failures)).toEqual(['limits-are-kept']);
    expect(failures['limits-are-kept']).toMatch(/one atom more than limits\(\) allows .* it was accepted/);
  });

  it('limits that make no sense', async () => {
    const failures = await failing((good) => ({
      limits: async (lane, signal) => frozen({ ...(await good.limits(lane, signal)), min: -1n }),
    }));
    expect(Object.keys(failures)).toEqual(['limits-are-sane']);
  });

  it('an end that nobody has seen', async () => {
    const failures = await failing((good) => ({
      track: async ({ originTxHash, quote }, signal) => {
        await good.limits({ from: quote.input.token, to: quote.output.token }, signal);
        return frozen({ state: 'filled', received: { ...quote.output }, txHash: originTxHash });
      },
    }));
    expect(Object.keys(failures)).toEqual(['an-unseen-transfer-is-not-finished']);
    expect(failures['an-unseen-transfer-is-not-finished']).toMatch(/Believe the chain/);
  });

  it('a transfer that never ends, and one that says more than arrived', async () => {
    const never = await failing(
      (good) => ({
        track: async (transfer, signal) => {
          await good.track(transfer, signal);
          return frozen({ state: 'pending', reason: 'soon' });
        },
      }),
      ['execute'],
    );
    expect(Object.keys(never)).toEqual(['a-transfer-ends-as-it-said']);
    expect(never['a-transfer-ends-as-it-said']).toMatch(/to end within 5 looks, but it is pending still/);
    const more = await failing(
      (good) => ({
        track: async (transfer, signal) => {
          const status = await good.track(transfer, signal);
          if (status.state !== 'filled') return status;
          const { received } = status;
          return frozen({ ...status, received: { ...received, atoms: received.atoms + 1n } });
        },
      }),
      ['execute'],
    );
    expect(Object.keys(more)).toEqual(['a-transfer-ends-as-it-said']);
    expect(more['a-transfer-ends-as-it-said']).toMatch(/the status to say what arrived/);
  });
});

describe('a position source fails for', () => {
  const failing = async (
    change: (reading: PositionReading) => PositionReading,
  ): Promise<Readonly<Record<string, string>>> => {
    const subject = positionSubject(place, 'v2');
    const source = frozen({
      ...subject.source,
      read: async (owner: Address, signal: AbortSignal) =>
        frozen((await subject.source.read(owner, signal)).map(change)),
    });
    return failuresOf(positionSourceConformance({ ...subject, source }));
  };

  it('a position that nothing can be made of', async () => {
    const failures = await failing((reading) => {
      if (reading.status !== 'known' || reading.position.kind !== 'constant-product-liquidity') return reading;
      return { ...reading, position: { ...reading.position, amounts: [-1n, 1n] } };
    });
    expect(Object.keys(failures)).toEqual(['readings-are-well-formed']);
  });

  it('a NaN, changing ids, an unknown without a reason', async () => {
    const nan = await failing((reading) => ({ ...reading, asOf: { ...reading.asOf, timeSeconds: Number.NaN } }));
    expect(Object.keys(nan)).toEqual(['readings-are-well-formed']);
    const ids = await failing((reading) => ({ ...reading, id: `${reading.id}-${counter++}` }));
    expect(Object.keys(ids)).toEqual(['ids-are-stable']);
    const mute = await failing(({ asOf, id, label }) => ({ status: 'unknown', id, label, reason: '', asOf }));
    expect(Object.keys(mute)).toEqual(['readings-are-well-formed']);
  });
});

describe('runChecks', () => {
  it('skips what the subject cannot do and says what is missing', async () => {
    const results = await runChecks(venueConformance(uniswapSubject(place, 'v2')));
    expect(results.find(({ name }) => name === 'quote-is-well-formed')).toEqual({
      name: 'quote-is-well-formed',
      status: 'skipped',
      requires: 'quote',
    });
    expect(results.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(Object.isFrozen(results)).toBe(true);
  });

  it('never throws, not even for a subject that does', async () => {
    const checks = venueConformance(() => {
      throw new Error('no world today');
    });
    const results = await runChecks(checks);
    expect(results).toHaveLength(checks.length);
    expect(results.every((result) => result.status === 'failed' && result.error.code === 'CONFORMANCE_FAILED')).toBe(
      true,
    );
  });

  it('has unique, stable names', () => {
    const names = [...venueConformance(uniswapSubject(place, 'v2'))].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
