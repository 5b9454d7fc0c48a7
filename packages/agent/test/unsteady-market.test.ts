import {
  type Chain,
  type Pool,
  type Quote,
  sameAddress,
  type Schedule,
  swapExactIn,
  type VenueAdapter,
} from '@evenkeel/core';
import { type Rebalancing, scheduleCommitment } from '@evenkeel/core/rebalancer';
import { memoryJournal } from '@evenkeel/core/execution';
import { measuredRecovery } from '../../core/src/rebalancer/recoveries.js';
import {
  type Actor,
  actor,
  type ActorOptions,
  allowancesLeft,
  openStage,
  pairPools,
  pumpPools,
  type Stage,
  withCalls,
} from './support.js';

// What was quoted is not what is there: venues that break their word, pools that somebody trades in first.

jest.setTimeout(120_000);
let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ chains: 1 });
}, 120_000);
afterEach(() => stage.rewind());
afterAll(() => stage?.close());

function oneChain(options: ActorOptions = {}): Actor {
  return actor(stage, { ...options, config: { adapters: ['uniswap-v2', 'uniswap-v3'], ...options.config } });
}

function expectExact({ report }: Rebalancing): void {
  expect(report.reconciliation).toMatchObject({ exact: true, unexplainedAtoms: 0n });
}

/**
 * A desk without a curve that trades through the real Uniswap V3 pools. What it says is theirs, changed by so many basis
 * points; asked firmly, by others.
 */
function desk(
  inner: VenueAdapter,
  said: number,
  firm: (nth: number) => number | Promise<never>,
): VenueAdapter & { begin(): void } {
  const pools = new Map<string, Pool>();
  let asked = 0;
  let askedFirmly = 0;
  let isFirm = false;
  return {
    kind: 'venue',
    id: 'desk',
    name: 'Desk',
    capabilities: { chains: inner.capabilities.chains, curve: false, quote: true },
    targets: (chainId) => inner.targets(chainId),
    begin: () => (isFirm = true),
    quote: async ({ input, tokenOut }, signal) => {
      const { chainId } = input.token;
      const offered = await inner.liquidity!({ chainId, tokens: [input.token, tokenOut], signal });
      const [best] = offered
        .map((pool) => {
          const tokenInIndex = pool.tokens[0].address === input.token.address ? 0 : 1;
          return { pool, atoms: swapExactIn(pool.curve, tokenInIndex, input.atoms).amountOut };
        })
        .sort((a, b) => (a.atoms > b.atoms ? -1 : 1));
      const id = `desk-${++asked}`;
      pools.set(id, best!.pool);
      const change = isFirm ? await firm(++askedFirmly) : said;
      const atoms = (best!.atoms * BigInt(10_000 + change)) / 10_000n;
      return {
        id,
        adapter: 'desk',
        kind: 'venue',
        input,
        output: { token: tokenOut, atoms },
        minReceived: atoms,
        fees: [],
        gas: [{ chainId, units: 150_000n }],
        timeSeconds: { expected: 1, worst: 10 },
        validUntil: Math.floor(Date.now() / 1000) + 300,
        asOf: best!.pool.asOf,
        onFailure: 'revert',
        payload: null,
      } satisfies Quote;
    },
    build: (fill) => {
      if (fill.kind !== 'quote') throw new Error('It has no curve.');
      const { deadline, quote, recipient, sender } = fill;
      return inner.build({
        kind: 'swap',
        pool: pools.get(quote.id)!,
        tokenIn: quote.input.token,
        tokenOut: quote.output.token,
        amountIn: quote.input.atoms,
        minReceived: quote.minReceived,
        sender,
        recipient,
        deadline,
      });
    },
  };
}

describe('a schedule that is worked out after every fill', () => {
  test('is bound by its hash, kept in the journal, carried out without crossing the target, and can be shown', async () => {
    const schedule = { kind: 'obizhaeva-wang', maxParts: 3, spanSeconds: 3, recoverySeconds: 2 } as const;
    const { journal, rebalancer } = oneChain({ config: { schedule } });
    const result = await rebalancer.rebalance();
    const { intent } = result.signed!;
    expect(result.schedule!.slices.length).toBeGreaterThan(1);
    expect(result.slices.length).toBeGreaterThan(0);
    expect(result.slices.every(({ execution }) => execution.state === 'completed')).toBe(true);
    const [opened] = await journal.decisions({ code: 'TRADE_OPENED' });
    const { schedule: kept } = (opened!.details as unknown as { plan: { schedule: Schedule } }).plan;
    expect(intent.schedule).toEqual({ kind: 'hidden', hash: scheduleCommitment(kept, kept.seed!) });
    const bought = result.slices.reduce((sum, { slice }) => sum + Number(slice.deltaUnits), 0);
    expect(bought).toBeLessThanOrEqual(Number(result.schedule!.totalDeltaUnits) + 1e-9);
    expect(result.slices.every(({ slice }) => Number(slice.deltaUnits) > 0)).toBe(true);
    expectExact(result);
  });

  test.each(['almgren-chriss', 'optimal'] as const)('%s plans for the loop', async (kind) => {
    const schedule = { kind, maxParts: 4, spanSeconds: 3600, recoverySeconds: 300 } as const;
    const { rebalancer } = oneChain({ config: { schedule, limits: { deadlineSeconds: 3600 } } });
    const result = await rebalancer.rebalance({ dryRun: true });
    expect(result.schedule).toMatchObject({ kind, seed: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
    expect(result.slices.every(({ execution }) => execution.state === 'simulated')).toBe(true);
  });

  test('is spaced by how the pools really came back between the slices of earlier trades', async () => {
    const chain = stage.world.chains[0]!;
    const journal = memoryJournal();
    let isBetween = false;
    let aheadMs = 0;
    const options: ActorOptions = {
      journal,
      config: {
        ...withCalls(stage.config, '-2'),
        annualVolatilityPercent: 5,
        schedule: { kind: 'twap', maxParts: 6, spanSeconds: 240, recoverySeconds: 1 },
      },
      // Somebody buys back some of what a slice has sold, before the next one; the time between passes at once.
      ports: ({ clock }) => ({
        clock: {
          now: () => clock.now() + aheadMs,
          sleep: async (milliseconds, signal) => {
            if (!isBetween) return clock.sleep(milliseconds, signal);
            isBetween = false;
            aheadMs += milliseconds;
            await pumpPools(stage, chain, pairPools(chain, ['uniswap-v2', 'uniswap-v3']), 0.03);
          },
        },
      }),
    };
    const selling = oneChain(options);
    selling.rebalancer.on('waiting', () => (isBetween = true));
    const traded = await selling.rebalancer.rebalance();
    expect(traded.slices.length).toBeGreaterThan(2);
    expectExact(traded);
    const seen = await journal.decisions({ code: 'RECOVERY_SEEN' });
    expect(seen.length).toBeGreaterThan(1);
    for (const { details } of seen) {
      const { elapsedSeconds, initial, remaining, underlying } = details as Record<string, number | string>;
      expect(underlying).toBe('ETH');
      expect(Number(elapsedSeconds)).toBeGreaterThan(0);
      expect(Number(initial)).toBeLessThan(0);
      expect(Number(remaining)).toBeGreaterThan(Number(initial));
    }
    // As another such trade would have seen it.
    for (const each of seen) await journal.appendDecision(each);
    const measured = await measuredRecovery(journal, { underlying: 'ETH' });
    expect(measured!.seconds).toBeGreaterThan(1);
    await stage.rewind();
    const next = await oneChain(options).rebalancer.rebalance({ dryRun: true });
    expect(next.schedule!.sentence).toContain(measured!.sentence);
  });

  test('needs the port that works it out', async () => {
    const without = oneChain({
      config: { schedule: { kind: 'optimal' } },
      ports: ({ pacing }) => ({ pacing: pacing && undefined }) as never,
    });
    await expect(without.rebalancer.rebalance({ dryRun: true })).rejects.toMatchObject({ code: 'PORTFOLIO_INVALID' });
  });
});

describe('a venue without a curve', () => {
  const opened = (
    said: number,
    firm: Parameters<typeof desk>[2],
    options: { readonly alone?: boolean; readonly journal?: ActorOptions['journal'] } = {},
  ): Actor => {
    let begin = (): void => undefined;
    const opening = oneChain({
      ...(options.journal === undefined ? {} : { journal: options.journal }),
      // Long enough for ladders on a busy machine; the one that hangs is waited for so long.
      config: { limits: { solicitSeconds: 5 } },
      ports: ({ venues }) => {
        const v3 = venues.find(({ id }) => id === 'uniswap-v3')!;
        const own = desk(v3, said, firm);
        begin = own.begin;
        return { venues: [...venues.filter((each) => options.alone !== true || each !== v3), own] };
      },
    });
    opening.rebalancer.on('decided', () => begin());
    return opening;
  };
  const usesDesk = ({ slices }: Rebalancing): boolean =>
    slices[0]!.route.hops.some(({ adapter }) => adapter === 'desk');

  test('is asked for a ladder, taken at its word for the chosen size, and trades', async () => {
    const { rebalancer } = opened(0, () => 0, { alone: true });
    const result = await rebalancer.rebalance();
    expect(usesDesk(result)).toBe(true);
    expect(result.slices[0]!.execution.state).toBe('completed');
    const hop = result.slices[0]!.route.hops.findIndex(({ adapter }) => adapter === 'desk');
    const got = result.slices[0]!.execution.flows.filter(({ atoms, kind, step }) => {
      return kind === 'swap' && atoms > 0n && step.startsWith(`hop-${hop}-`);
    });
    // Whatever the ladder's straight lines promised, the firm quote gives, to the atom.
    expect(got[0]!.atoms).toBeGreaterThanOrEqual(result.slices[0]!.route.hops[hop]!.amountOut);
    expectExact(result);
    expect(result.report.trust).toBeUndefined();
    expect(await allowancesLeft(stage)).toEqual([]);
  });

  test('that lies is refused, remembered over processes, told in the report, and routed around', async () => {
    const journal = memoryJournal();
    const first = opened(150, () => 0, { journal });
    const result = await first.rebalancer.rebalance();
    expect(usesDesk(result)).toBe(false);
    expect(result.report.outcome).toBe('hedged');
    expectExact(result);
    expect(result.report.trust).toMatchObject([{ adapter: 'desk' }]);
    expect(await journal.decisions({ code: 'TRUST_LOWERED' })).toMatchObject([
      { details: { adapter: 'desk', breaches: 1, shortfallBps: expect.any(Number) } },
    ]);
    expect(first.lines.join('\n')).toContain('WORSE_THAN_LADDER');

    const second = opened(150, () => 0, { journal });
    const { solicitation } = await second.rebalancer.survey();
    if (solicitation.answers.some(({ adapter }) => adapter === 'desk')) {
      expect(solicitation.refusals).toContainEqual(expect.objectContaining({ adapter: 'desk', code: 'DISTRUSTED' }));
    }
    const { before } = await second.rebalancer.rebalance({ deltaChangeUnits: '1', dryRun: true });
    expect(before.solicitation.refusals).toContainEqual(
      expect.objectContaining({ adapter: 'desk', code: 'DISTRUSTED' }),
    );
    expect(before.pools.some(({ adapter }) => adapter === 'desk')).toBe(false);
  });

  test.each([
    ['shrinks a little each time', (nth: number) => 40 - 3 * nth],
    ['hangs', () => new Promise<never>(() => undefined)],
    ['throws', () => Promise.reject(new RangeError('boom'))],
  ] as const)('that %s when it is asked firmly loses its part, and no trust', async (_, firm) => {
    const { journal, rebalancer } = opened(40, firm as Parameters<typeof desk>[2]);
    const result = await rebalancer.rebalance({ dryRun: true });
    expect(result.before.pools.some(({ adapter }) => adapter === 'desk')).toBe(true);
    expect(usesDesk(result)).toBe(false);
    expect(result.slices[0]!.execution.state).toBe('simulated');
    expect(await journal.decisions({ code: 'TRUST_LOWERED' })).toEqual([]);
  });
});

/** All that was signed is traded; that the book's delta has moved with the market is for the next decision. */
function expectAllDone({ decision, report, slices }: Rebalancing): void {
  expect(report.reason).toContain('What was decided is done');
  const bought = slices
    .flatMap(({ execution }) => execution.flows)
    .filter(({ kind, token }) => kind === 'swap' && sameAddress(token, stage.world.chains[0]!.tokens.WETH.address))
    .reduce((sum, { atoms }) => sum + Number(atoms), 0);
  expect(bought / 1e18).toBeCloseTo(Number(decision.action === 'trade' && decision.deltaChangeUnits), 6);
}

describe('somebody trades in the pools first', () => {
  const first = (): Promise<void> => {
    const [chain] = stage.world.chains;
    return pumpPools(stage, chain!, pairPools(chain!, ['uniswap-v2', 'uniswap-v3']), 0.5);
  };
  const withChain = (change: (chain: Chain) => Partial<Chain>): ActorOptions => ({
    ports: ({ chains }) => ({ chains: chains.map((chain) => ({ ...chain, ...change(chain) })) }),
  });

  test('before the simulation: it is quoted anew, and nothing was sent for the first', async () => {
    let isArmed = false;
    const { journal, rebalancer } = oneChain(
      withChain((chain) => ({
        simulate: async (...args) => {
          if (isArmed) {
            isArmed = false;
            await first();
          }
          return chain.simulate(...args);
        },
      })),
    );
    rebalancer.on('signed', () => (isArmed = true));
    const result = await rebalancer.rebalance();
    expect(await journal.decisions({ code: 'REPLANNED' })).toMatchObject([
      { slice: 0, details: { because: expect.stringMatching(/^GUARD_/) } },
    ]);
    expect(result.slices).toHaveLength(1);
    expectAllDone(result);
    expectExact(result);
  });

  test('after it and before the block: the limit on chain holds, and what is left is planned anew, once', async () => {
    let isArmed = false;
    const { events, journal, rebalancer } = oneChain(
      withChain((chain) => ({
        sendRawTransaction: async (...args) => {
          if (isArmed) {
            isArmed = false;
            await first();
          }
          return chain.sendRawTransaction(...args);
        },
      })),
    );
    let isFirst = true;
    rebalancer.on('execution', (event) => {
      if (event.type !== 'step-signed' || !event.step.endsWith('-swap') || !isFirst) return;
      isFirst = false;
      isArmed = true;
    });
    const result = await rebalancer.rebalance();
    expect(events.some(({ type }) => type === 'step-failed')).toBe(true);
    expect(result.slices.map(({ execution, replanned }) => [execution.state, replanned])).toEqual([
      ['stopped', true],
      ['completed', undefined],
    ]);
    expect(await journal.decisions({ code: 'REPLANNED' })).toMatchObject([
      { slice: 0, details: { because: 'STEP_REVERTED' } },
    ]);
    // Of the swap that reverted only gas was spent, and it stands in the books.
    const [stopped] = result.slices;
    expect(stopped!.execution.flows.filter(({ kind, step }) => kind === 'gas' && step.endsWith('-swap'))).not.toEqual(
      [],
    );
    expectAllDone(result);
    expectExact(result);
    expect(await allowancesLeft(stage)).toEqual([]);
  });
});
