import type { SolverSubject } from '@evenkeel/adapters/conformance';
import { cow, cowOrderBook } from '@evenkeel/adapters/cow';
import { uniswapx, type UniswapXChain } from '@evenkeel/adapters/uniswapx';
import type { SolverAdapter } from '@evenkeel/core';
import type { WorldSnapshot } from '@evenkeel/devnet';
import type { CowOrderBookLoopbackServer } from '../cow-order-book-loopback-server.js';
import { clock } from '../support/bridge-world.js';
import { finalise, intentOn, sellRequest, send, sign, type SolverBench } from './bench.js';

/** UniswapX on the bench, with the world's filler as its network. */
export function uniswapXOn({ actors, chain, home, world }: SolverBench, kind: UniswapXChain['kind']): SolverAdapter {
  const {
    permit2,
    uniswapXExclusiveDutchReactor,
    uniswapXOrderQuoter: quoter,
    uniswapXV2DutchReactor,
  } = home.contracts;
  const shared = { chain, quoter, permit2 };
  const place: UniswapXChain =
    kind === 'exclusive-dutch'
      ? { ...shared, kind, reactor: uniswapXExclusiveDutchReactor }
      : { ...shared, kind, reactor: uniswapXV2DutchReactor, cosigner: world.accounts.maker.address };
  const { uniswapXFiller } = actors;
  const network = { quote: uniswapXFiller.quote, post: uniswapXFiller.take };
  return uniswapx({ chains: { [home.id]: place }, network, clock, orderSeconds: 600 });
}

/** CoW Protocol on the bench, with the world's solver behind the loopback order book. */
export function cowOn({ chain, home }: SolverBench, book: CowOrderBookLoopbackServer): SolverAdapter {
  const { cowSettlement: settlement, cowVaultRelayer: vaultRelayer } = home.contracts;
  const orderBook = cowOrderBook({ url: book.url, clock, patience: { retries: 0 } });
  return cow({ chains: { [home.id]: { chain, settlement, vaultRelayer, orderBook } }, clock });
}

/** What the conformance suite tries an adapter with. */
export function solverSubject(bench: SolverBench, adapter: SolverAdapter, start: WorldSnapshot): SolverSubject {
  const { actors, chain, home, trader, world } = bench;
  const actor = adapter.id === 'cow' ? actors.cowSolver : actors.uniswapXFiller;
  return {
    adapter,
    chains: { [home.id]: chain },
    request: async (index) => sellRequest(bench, await intentOn(bench), { index }),
    foreignRequest: async () => sellRequest(bench, await intentOn(bench, { seed: 9 })),
    sign: (data) => sign(trader, data),
    forge: (data) => sign(world.accounts.stranger, data),
    execute: (calls) => send(bench, calls),
    willing: (fills) => actor.behave({ ignore: () => !fills }),
    act: () => actor.tick(),
    pass: (seconds) => world.advance(seconds),
    finalise: () => finalise(bench),
    reset: () => world.revert(start),
    nowSeconds: () => world.clockSeconds(),
  };
}
