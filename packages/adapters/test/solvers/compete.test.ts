import { setMaxListeners } from 'node:events';
import { award, type AwardBasis, solicitBids } from '@evenkeel/core/award';
import type { SolverAdapter } from '@evenkeel/core';
import { hashIntent } from '@evenkeel/intents';
import { type CowOrderBookLoopbackServer, startCowOrderBook } from '../cow-order-book-loopback-server.js';
import { clock, never } from '../support/bridge-world.js';
import { bidFor, E18, holdings, intentOn, openSolverBench, place, sellRequest, type SolverBench } from './bench.js';
import { cowOn, uniswapXOn } from './networks.js';

jest.setTimeout(120_000);
setMaxListeners(0);

let bench: SolverBench;
let book: CowOrderBookLoopbackServer;

beforeAll(async () => {
  bench = await openSolverBench();
  book = await startCowOrderBook(bench.home, bench.actors.cowSolver);
});
afterAll(async () => {
  await book?.close();
  await bench?.world.close();
});

const NONE = { deltaUnits: 0, gammaPerUnit: 0, vegaPerPoint: 0 };

/** One ETH too much at 3,000, with risk worth some dollars an hour. */
async function basis(change: Partial<AwardBasis> = {}): Promise<AwardBasis> {
  const { USDC, WETH } = bench.home.tokens;
  return {
    book: {
      deviation: { low: 1, high: 1 },
      gammaPerUnit: 0,
      vegaPerPoint: 0,
      spot: 3000,
      annualVolatility: 0.8,
      riskAversion: 0.05,
      horizonSeconds: 3600,
    },
    tokens: [
      { token: WETH, price: 3000, greeks: { ...NONE, deltaUnits: 1 } },
      { token: USDC, price: 1, greeks: NONE },
    ],
    gasPrice: { [bench.home.id]: 1e-6 },
    nowSeconds: await bench.world.clockSeconds(),
    proofSeconds: 30,
    records: [],
    handicapBps: 1,
    maxCostBps: 50,
    ...change,
  };
}

test('networks and our own route compete for the book, liars are named, and the winner really improves it', async () => {
  const { actors } = bench;
  actors.uniswapXFiller.behave({ spreadBps: 2 });
  const networks = [uniswapXOn(bench, 'exclusive-dutch'), cowOn(bench, book)];
  const intent = await intentOn(bench, { adapters: ['uniswapx', 'cow', 'thief', 'broken'] });
  const request = await sellRequest(bench, intent);
  const stolen = await bidFor(networks[0]!, await sellRequest(bench, await intentOn(bench, { seed: 9 })));
  const thief: SolverAdapter = {
    ...networks[0]!,
    id: 'thief',
    bid: () => Promise.resolve({ ...stolen, adapter: 'thief', child: { ...stolen.child, adapter: 'thief' } }),
  };
  const broken: SolverAdapter = { ...networks[0]!, id: 'broken', bid: () => Promise.reject(new TypeError('gone')) };
  const { bids, refusals } = await solicitBids(request, {
    solvers: [...networks, thief, broken],
    clock,
    signal: never,
    deadlineMs: 60_000,
    graceMs: 50,
  });
  expect(bids.map(({ adapter }) => adapter)).toEqual(['cow', 'uniswapx']);
  expect(refusals.map(({ adapter, code }) => [adapter, code])).toEqual([
    ['broken', 'ADAPTER_FAILED'],
    ['thief', 'FOREIGN_INTENT'],
  ]);

  const own = { cost: '9', deltaUnits: '-1', timeSeconds: 12 };
  const result = award(own, bids, await basis());
  // UniswapX guarantees 32 bp below the price and CoW 50 bp below Uniswap V2: our route, at 30 bp, beats what they promise.
  expect(result.winner).toBe('own');
  expect(result.contestants).toHaveLength(3);
  for (const { code, sentence, won } of result.contestants) {
    expect(won).toBe(code === 'BEST');
    expect(sentence).not.toBe('');
  }
  // When our own route is dear, the better of the two is taken.
  const dear = award({ ...own, cost: '14' }, bids, await basis());
  expect(dear).toMatchObject({ winner: 'bid', bid: { adapter: 'uniswapx' } });
  if (dear.winner !== 'bid') return;
  expect(dear.bid.child.parentId).toBe(hashIntent(intent));

  const before = await holdings(bench, bench.trader.address);
  const solver = networks.find(({ id }) => id === dear.bid.adapter)!;
  const order = await place(bench, solver, dear.bid);
  await actors.uniswapXFiller.tick();
  expect(await solver.track(order, never)).toMatchObject({ state: 'filled' });
  const after = await holdings(bench, bench.trader.address);
  expect(before.weth - after.weth).toBe(E18);
  expect(after.usdc - before.usdc).toBeGreaterThanOrEqual(dear.bid.guaranteedOutput.atoms);

  // A network that never filled before is believed less: what it promises is the same, what it is worth is not.
  const records = [{ adapter: 'uniswapx', asked: 50, filled: 0, partialShare: 0 }];
  const wary = award({ ...own, cost: '14' }, bids, await basis({ records }));
  expect(wary).not.toMatchObject({ winner: 'bid', bid: { adapter: 'uniswapx' } });
});
