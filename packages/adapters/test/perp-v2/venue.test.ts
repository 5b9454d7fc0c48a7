import { venueConformance } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { perpV2, PerpMarginTooLowError, PerpPriceLimitError, PerpTradeRefusedError } from '@evenkeel/adapters/perp-v2';
import type { Quote, QuoteRequest, VenueAdapter } from '@evenkeel/core';
import type { WorldSnapshot } from '@evenkeel/devnet';
import { Contract, Wallet } from 'ethers';
import fc from 'fast-check';
import { ChainNotConfiguredError } from '../../src/common/configured-on.js';
import { FillMismatchError } from '../../src/common/errors.js';
import { clock, never } from '../support/bridge-world.js';
import { deposit, E18, execute, openPerpBench, type PerpBench } from './bench.js';

jest.setTimeout(60_000);

let bench: PerpBench;
let venue: VenueAdapter & Required<Pick<VenueAdapter, 'quote'>>;
let opening: WorldSnapshot;

beforeAll(async () => {
  bench = await openPerpBench(50_000n);
  venue = perpV2({ chains: { [bench.local.id]: bench.market }, clock });
  opening = await bench.world.snapshot();
}, 120_000);
beforeEach(() => bench.world.revert(opening));
afterAll(() => bench?.world.close());

async function requestFor(isShort: boolean, atoms: bigint): Promise<QuoteRequest> {
  const { baseToken, quoteToken } = bench.market;
  return {
    input: { token: isShort ? baseToken : quoteToken, atoms },
    tokenOut: isShort ? quoteToken : baseToken,
    sender: bench.trader,
    recipient: bench.trader,
    slippageBps: 0,
    deadline: (await bench.world.clockSeconds()) + 3_600,
  };
}

async function ask(isShort: boolean, atoms: bigint): Promise<Quote> {
  return venue.quote(await requestFor(isShort, atoms), never);
}

function accept(quote: Quote, deadline = 4_000_000_000) {
  const fill = { kind: 'quote', quote, sender: bench.trader, recipient: bench.trader, deadline } as const;
  return venue.build(fill)[0]!;
}

test('a quote is what the trade does, to the wei, whatever came before', async () => {
  const size = fc.bigInt({ min: 10n ** 12n, max: 30n * E18 });
  const trades = fc.array(fc.record({ isShort: fc.boolean(), size }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(trades, async (sequence) => {
      await bench.world.revert(opening);
      for (const { isShort, size: units } of sequence) {
        const quote = await ask(isShort, isShort ? units : units * 3_000n);
        const { fee, notional, size: moved } = await execute(bench, accept(quote));
        expect(moved > 0n).toBe(!isShort);
        // The clearing house counts the fee apart from the notional; a quote is net of it.
        const [taken, output] = isShort ? [-moved, notional - fee] : [fee - notional, moved];
        expect({ output, fee }).toEqual({ output: quote.output.atoms, fee: quote.fees[0]!.amount.atoms });
        expect(quote.input.atoms - taken).toBeGreaterThanOrEqual(-1n);
        expect(quote.input.atoms - taken).toBeLessThanOrEqual(1n);
        await bench.world.advance(30);
      }
    }),
    { numRuns: 10 },
  );
});

test('the gas that it says is enough', async () => {
  const quote = await ask(true, E18);
  const { data, to } = accept(quote);
  const gas = await bench.local.provider.estimateGas({ from: bench.trader, to, data });
  expect(quote.gas[0]!.units).toBeGreaterThan(gas);
  expect(quote.gas[0]!.units).toBeLessThan(2n * gas);
});

test('the clearing house enforces the least output and the deadline', async () => {
  const quote = await ask(true, E18);
  const greedy = { ...quote, minReceived: quote.output.atoms + 1n };
  await expect(execute(bench, accept(greedy))).rejects.toThrow();
  await expect(execute(bench, accept(quote, 1_700_000_000))).rejects.toThrow();
  await execute(bench, accept(quote));
});

describe('refuses', () => {
  test('what the margin does not carry', async () => {
    await expect(ask(true, 300n * E18)).rejects.toBeInstanceOf(PerpMarginTooLowError);
  });

  test('what would take the price too far at once', async () => {
    await bench.world.fund(bench.local.tokens.USDC, bench.trader, 10n ** 13n);
    await deposit(bench, bench.local.tokens.USDC, 10n ** 13n);
    await expect(ask(true, 1_900n * E18)).rejects.toBeInstanceOf(PerpPriceLimitError);
    await expect(ask(true, 10n ** 6n * E18)).rejects.toMatchObject({
      code: expect.stringMatching(/^PERP_/) as string,
    });
  });

  test('a market that is paused', async () => {
    const { accounts } = bench.world;
    const owner = new Wallet(accounts.deployer.privateKey, bench.local.provider);
    const base = new Contract(bench.contracts.baseToken, ['function pause()'], owner);
    await (await base.getFunction('pause')()).wait();
    await expect(ask(true, E18)).rejects.toBeInstanceOf(PerpTradeRefusedError);
  });

  test('a chain that it does not know, and a pair that it does not trade', async () => {
    const request = await requestFor(true, E18);
    const elsewhere = { ...request, input: { ...request.input, token: { ...request.input.token, chainId: 1 } } };
    await expect(venue.quote(elsewhere, never)).rejects.toBeInstanceOf(ChainNotConfiguredError);
    const spot = { ...request, tokenOut: bench.local.tokens.USDC };
    await expect(venue.quote(spot, never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('a position for somebody else', async () => {
    const request = { ...(await requestFor(true, E18)), recipient: bench.world.accounts.stranger.address };
    await expect(venue.quote(request, never)).rejects.toBeInstanceOf(FillMismatchError);
  });

  test('a payload of the other direction', async () => {
    const quote = await ask(true, E18);
    expect(() => accept({ ...quote, payload: { isBaseToQuote: false } })).toThrow(FillMismatchError);
  });
});

/** A position is not a token: what these look for in balances never moves. */
const NEEDS_TOKENS = [
  'quote-spends-exactly-the-input',
  'quote-delivers-what-was-said',
  'quote-output-goes-only-to-the-recipient',
];
describeConformance(
  'perp-v2',
  venueConformance(
    () => ({
      adapter: venue,
      chains: { [bench.local.id]: bench.chain },
      account: bench.trader,
      recipient: bench.trader,
      samples: [
        { tokenIn: bench.market.baseToken, tokenOut: bench.market.quoteToken, amountIn: 2n * E18 },
        { tokenIn: bench.market.quoteToken, tokenOut: bench.market.baseToken, amountIn: 5_000n * E18 },
      ],
    }),
    ['quote'],
  ).filter(({ name }) => !NEEDS_TOKENS.includes(name)),
);
