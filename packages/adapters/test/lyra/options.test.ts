import {
  LyraBoardClosedError,
  LyraDeltaOutOfRangeError,
  lyraOptions,
  LyraPoolShortError,
  lyraPositions,
  LyraVolatilityLimitError,
} from '@evenkeel/adapters/lyra';
import type { InstrumentAdapter, TradeQuote } from '@evenkeel/core';
import type { WorldSnapshot } from '@evenkeel/devnet';
import { Contract, Wallet } from 'ethers';
import fc from 'fast-check';
import { clock, never, sendCalls } from '../support/bridge-world.js';
import { E18, type LyraBench, openLyraBench } from './bench.js';

jest.setTimeout(60_000);

let bench: LyraBench;
let options: InstrumentAdapter;
let opening: WorldSnapshot;

beforeAll(async () => {
  bench = await openLyraBench();
  options = lyraOptions({
    chains: { [bench.local.id]: { ...bench.market, synthetixAdapter: bench.contracts.synthetixAdapter } },
    clock,
  });
  opening = await bench.world.snapshot();
}, 120_000);
beforeEach(() => bench.world.revert(opening));
afterAll(() => bench?.world.close());

const DAY = 86_400;

async function ask(instrument: string, units: string): Promise<TradeQuote> {
  const deadline = (await bench.world.clockSeconds()) + 600;
  const rest = { owner: bench.trader, spot: 3_000, slippageBps: 10, deadline };
  return options.quote({ chainId: bench.local.id, instrument, units, ...rest }, never);
}

async function trade(instrument: string, units: string): Promise<TradeQuote> {
  const quote = await ask(instrument, units);
  const calls = options.build({ quote, owner: bench.trader, deadline: quote.validUntil });
  await sendCalls(bench.world, bench.world.accounts.trader, calls);
  return quote;
}

/** Size by option held, without what is collateral. */
async function held(): Promise<Readonly<Record<string, number>>> {
  const readings = await lyraPositions(bench.market).read(bench.trader, never);
  return Object.fromEntries(
    readings.flatMap((reading) => {
      if (reading.status !== 'known' || reading.position.kind !== 'option') return [];
      const { optionType, sizeUnits, strike } = reading.position;
      return [[`${strike}-${optionType}`, Number(sizeUnits)]];
    }),
  );
}

test('whatever is traded in turn, what is held is the sum', async () => {
  const sizes = fc.array(
    fc.integer({ min: -5, max: 5 }).filter((size) => size !== 0),
    { minLength: 2, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(sizes, fc.constantFrom('7-put', '8-call'), async (sequence, instrument) => {
      await bench.world.revert(opening);
      opening = await bench.world.snapshot();
      let total = 0;
      for (const size of sequence) {
        await trade(instrument, String(size));
        total += size;
      }
      const sum = Object.values(await held()).reduce((all, each) => all + each, 0);
      expect(sum).toBeCloseTo(total, 12);
    }),
    { numRuns: 5 },
  );
});

test('a purchase closes what was written before it opens anything', async () => {
  await trade('8-call', '-3');
  const { payload } = await ask('8-call', '5');
  expect(payload).toMatchObject({
    orders: [
      { verb: 'close', kind: 'short-call-quote', amount: '3000000000000000000', collateral: '0' },
      { verb: 'open', kind: 'long-call', amount: '2000000000000000000' },
    ],
  });
  await trade('8-call', '5');
  expect(await held()).toEqual({ '3000-call': 2 });
});

test('lists the options of open boards', async () => {
  const terms = await options.list(never);
  expect(terms).toHaveLength(30);
  await freeze(2, true);
  expect(await options.list(never)).toHaveLength(20);
});

/** By the owner of the market. */
async function freeze(boardId: number, isFrozen: boolean): Promise<void> {
  const owner = new Wallet(bench.world.accounts.deployer.privateKey, bench.local.provider);
  const market = new Contract(bench.contracts.optionMarket, ['function setBoardFrozen(uint256,bool)'], owner);
  await (await market.getFunction('setBoardFrozen')(boardId, isFrozen)).wait();
}

/** All but a dollar of the pool's free money goes elsewhere. */
async function drainPool(): Promise<void> {
  const { contracts, local, world } = bench;
  const { liquidityPool, sUSD } = contracts;
  const synth = new Contract(sUSD, [
    'function balanceOf(address) view returns (uint256)',
    'function transfer(address,uint256)',
  ]);
  const balance = (await (synth.connect(local.provider) as Contract).getFunction('balanceOf')(liquidityPool)) as bigint;
  const data = synth.interface.encodeFunctionData('transfer', [world.accounts.stranger.address, balance - E18]);
  await local.rpc('anvil_impersonateAccount', [liquidityPool]);
  await local.rpc('anvil_setBalance', [liquidityPool, '0xde0b6b3a7640000']);
  const hash = await local.rpc('eth_sendTransaction', [{ from: liquidityPool, to: sUSD, data }]);
  await local.provider.waitForTransaction(String(hash));
}

describe('refuses', () => {
  test('a delta outside the range', async () => {
    await expect(ask('1-call', '1')).rejects.toBeInstanceOf(LyraDeltaOutOfRangeError);
  });

  test('a board that is frozen, in its last hours, or expired', async () => {
    await freeze(2, true);
    await expect(ask('8-call', '1')).rejects.toBeInstanceOf(LyraBoardClosedError);
    await bench.world.advance(6 * DAY + 64_800);
    await expect(ask('3-call', '1')).rejects.toBeInstanceOf(LyraBoardClosedError);
    await bench.world.advance(DAY);
    await expect(ask('3-call', '1')).rejects.toBeInstanceOf(LyraBoardClosedError);
  });

  test('more than the pool can stand against', async () => {
    await expect(ask('8-put', '5000')).rejects.toBeInstanceOf(LyraVolatilityLimitError);
    await drainPool();
    await expect(ask('8-put', '5')).rejects.toBeInstanceOf(LyraPoolShortError);
  });

  test('an option that does not exist', async () => {
    await expect(ask('900-call', '1')).rejects.toMatchObject({ code: 'INSTRUMENT_UNKNOWN' });
    await expect(ask('8-straddle', '1')).rejects.toMatchObject({ code: 'INSTRUMENT_UNKNOWN' });
  });

  test('a collateral factor below what the venue wants', () => {
    expect(() => lyraOptions({ chains: {}, clock, collateralFactor: 0.9 })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });
});
