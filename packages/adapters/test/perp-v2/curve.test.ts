import { perpV2, type PerpV2Curve, type PerpV2Pool, readPerpV2Curve, replayPerpV2 } from '@evenkeel/adapters/perp-v2';
import { Contract, Wallet } from 'ethers';
import fc from 'fast-check';
import { clock, never } from '../support/bridge-world.js';
import { E18, execute, openPerpBench, type PerpBench } from './bench.js';

jest.setTimeout(60_000);

let bench: PerpBench;
let place: PerpV2Pool;

beforeAll(async () => {
  bench = await openPerpBench(100_000n);
  const { uniswapV3Factory, uniswapV3TickLens } = bench.local.contracts;
  place = { market: bench.market, factory: uniswapV3Factory, tickLens: uniswapV3TickLens };
}, 120_000);
afterAll(() => bench?.world.close());

/** What the clearing house itself says that the trade would give, simulated. */
async function said(isBaseToQuote: boolean, atoms: bigint) {
  const { baseToken, quoteToken } = bench.market;
  const venue = perpV2({ chains: { [bench.local.id]: bench.market }, clock });
  const quote = await venue.quote(
    {
      input: { token: isBaseToQuote ? baseToken : quoteToken, atoms },
      tokenOut: isBaseToQuote ? quoteToken : baseToken,
      sender: bench.trader,
      recipient: bench.trader,
      slippageBps: 0,
      deadline: (await bench.world.clockSeconds()) + 3_600,
    },
    never,
  );
  return { quote, output: quote.output.atoms, fee: quote.fees[0]!.amount.atoms };
}

const trade = fc.record({ isBaseToQuote: fc.boolean(), size: fc.bigInt({ min: 10n ** 12n, max: 60n * E18 }) });

/** Quote tokens in narrow places right under the price: a short walks through them in steps, whose fees are rounded each. */
async function layStepsUnderThePrice(): Promise<void> {
  const { pool } = await readPerpV2Curve(place, never);
  const top = Math.floor(pool.tick / pool.tickSpacing) * pool.tickSpacing;
  const signer = new Wallet(bench.world.accounts.trader.privateKey, bench.local.provider);
  const house = new Contract(
    bench.market.clearingHouse,
    [
      'function addLiquidity((address baseToken, uint256 base, uint256 quote, int24 lowerTick, int24 upperTick, uint256 minBase, uint256 minQuote, bool useTakerBalance, uint256 deadline))',
    ],
    signer,
  );
  for (const i of [0, 1, 2, 3]) {
    const [lower, upper] = [top - (i + 1) * pool.tickSpacing, top - i * pool.tickSpacing];
    const order = [
      bench.market.baseToken.address,
      0n,
      3_001n * E18 + BigInt(i),
      lower,
      upper,
      0n,
      0n,
      false,
      4_000_000_000n,
    ];
    await (await house.getFunction('addLiquidity')(order)).wait();
  }
}

test('the replay of the curve is the clearing house’s own quote, also after trades', async () => {
  await fc.assert(
    fc.asyncProperty(trade, trade, async (first, second) => {
      let curve: PerpV2Curve = await readPerpV2Curve(place, never);
      for (const { isBaseToQuote, size } of [first, second]) {
        const atoms = isBaseToQuote ? size : size * 3_000n;
        const { fee, output, quote } = await said(isBaseToQuote, atoms);
        const replayed = replayPerpV2(curve, { isBaseToQuote, atoms });
        expect(replayed.output).toBe(output);
        expect(fee - replayed.fee).toBeLessThanOrEqual(3n);
        expect(fee - replayed.fee).toBeGreaterThanOrEqual(-3n);
        const venue = perpV2({ chains: { [bench.local.id]: bench.market }, clock });
        const fill = { kind: 'quote', quote, sender: bench.trader, recipient: bench.trader } as const;
        await execute(bench, venue.build({ ...fill, deadline: 4_000_000_000 })[0]!);
        await bench.world.advance(60);
        curve = await readPerpV2Curve(place, never);
      }
    }),
    { numRuns: 6 },
  );
});

test('a short through many steps of the pool, to the atom', async () => {
  await layStepsUnderThePrice();
  const curve = await readPerpV2Curve(place, never);
  for (const size of [1n, 3n, 5n, 7n, 11n, 13n].map((units) => units * E18 + units)) {
    const { output } = await said(true, size);
    expect(replayPerpV2(curve, { isBaseToQuote: true, atoms: size }).output).toBe(output);
  }
});

test('beyond what was read, and for nothing', async () => {
  const curve = await readPerpV2Curve({ ...place, depthTicks: 256 }, never);
  const asked = (atoms: bigint) => () => replayPerpV2(curve, { isBaseToQuote: true, atoms });
  expect(asked(10n ** 30n)).toThrow(expect.objectContaining({ code: 'PERP_LIQUIDITY_SHORT' }));
  expect(asked(0n)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});
