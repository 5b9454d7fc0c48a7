import {
  perpV2Instrument,
  perpV2Margin,
  type PerpV2Market,
  planPerpV2Deposit,
  readPerpV2Account,
} from '@evenkeel/adapters/perp-v2';
import type { BridgeAdapter, Quote } from '@evenkeel/core';
import {
  marginState,
  type MarginLimits,
  type MarginPlan,
  moneyPaidIn,
  perpetualMargin,
  perpetualReduction,
  planMarginCure,
} from '@evenkeel/core/margin';
import { type Actors, startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { acrossOf } from '../support/conformance-world.js';
import { balanceOf, chainsOf, clock, never, sendCalls, transferOf } from '../support/bridge-world.js';

jest.setTimeout(120_000);

const E6 = 10n ** 6n;
const LIMITS: MarginLimits = { maxLeverage: 12, minDistance: 0.08 };

let world: World;
let actors: Actors;
let home: WorldChain;
let away: WorldChain;
let bridge: BridgeAdapter;
let market: PerpV2Market;

beforeAll(async () => {
  world = await startWorld({ chains: 2, parts: ['perp-v2'] });
  actors = await world.startActors({ only: [] });
  [home, away] = world.chains as [WorldChain, WorldChain];
  const chains = chainsOf(world);
  bridge = acrossOf({ world, home, away, chains });
  const ofPerp = away.parts.perpV2!;
  const token = (symbol: string, address: `0x${string}`) => ({ chainId: away.id, address, symbol, decimals: 18 });
  market = {
    ...ofPerp,
    chain: chains[away.id]!,
    baseToken: token('vETH', ofPerp.baseToken),
    quoteToken: token('vUSD', ofPerp.quoteToken),
    settlementToken: away.tokens.USDC,
  };
}, 180_000);
afterAll(() => world?.close());

async function account() {
  return perpetualMargin(perpV2Margin(await readPerpV2Account(market, world.accounts.owner.address, never)));
}

async function bridgeQuote(atoms: bigint): Promise<Quote> {
  const owner = world.accounts.owner.address;
  const request = {
    input: { token: home.tokens.USDC, atoms },
    tokenOut: away.tokens.USDC,
    sender: owner,
    recipient: owner,
    slippageBps: 50,
    deadline: (await world.clockSeconds()) + 7_200,
  };
  return bridge.quote(request, never);
}

/** The wallet beside the account is empty; the money lies on the other chain. */
async function plan(): Promise<MarginPlan> {
  const now = await account();
  const probe = await bridgeQuote(1_000n * E6);
  const feeShare = 1 - Number(probe.output.atoms) / Number(probe.input.atoms);
  const beside = await balanceOf(away, away.tokens.USDC, world.accounts.owner.address);
  const size = Number((await readPerpV2Account(market, world.accounts.owner.address, never)).sizeUnits);
  const change = moneyPaidIn(1);
  return planMarginCure(now, LIMITS, {
    annualVolatility: 0.8,
    sources: [
      { id: 'wallet', change, available: Number(beside) / 1e6, seconds: 0, cost: () => 0.1 },
      { id: bridge.id, change, available: 50_000, seconds: 1_800, cost: (amount) => 0.5 + amount * feeShare },
      {
        id: 'reduce',
        available: 1,
        change: perpetualReduction({ spot: now.spot, sizeUnits: size, maintenanceRatio: 0.0625 }, 0.002),
        // Closing here and selling elsewhere: two fees of ten basis points.
        cost: (share) => share * Math.abs(size) * now.spot * 0.002,
        seconds: 12,
      },
    ],
  });
}

async function marketTo(dollars: number): Promise<void> {
  actors.arbitrageur.setPrice(dollars);
  await actors.feedKeeper.tick();
  for (let pass = 0; pass < 3; pass += 1) {
    await world.advance(60);
    await actors.arbitrageur.tick();
  }
  await world.advance(3_600);
  await actors.feedKeeper.tick();
}

test('margin comes over a bridge when that is cheapest, before the limit is hit', async () => {
  const { owner } = world.accounts;
  await world.fund(away.tokens.USDC, owner.address, 14_000n * E6);
  await world.fund(home.tokens.USDC, owner.address, 50_000n * E6);
  await sendCalls(world, owner, await planPerpV2Deposit(market, 14_000n * E6, never));
  const perp = perpV2Instrument({ chains: { [away.id]: market }, clock });
  const deadline = (await world.clockSeconds()) + 600;
  const request = { chainId: away.id, instrument: 'vETH', units: '-20', owner: owner.address, spot: 3_000 };
  const sale = await perp.quote({ ...request, slippageBps: 100, deadline }, never);
  await sendCalls(world, owner, perp.build({ quote: sale, owner: owner.address, deadline }));
  expect(await plan()).toMatchObject({ status: 'fine' });

  // The market rises against the short in small steps, until the cheapest way has to be begun.
  let due = await plan();
  for (let dollars = 3_030; due.status === 'fine' && dollars < 3_300; dollars += 30) {
    await marketTo(dollars);
    due = await plan();
  }
  if (due.status !== 'cure') throw new Error('nothing was due');
  expect(due.cure.parts).toMatchObject([{ id: bridge.id }]);
  expect(due.rejected).toEqual([
    { id: 'wallet', reason: 'TOO_LITTLE' },
    { id: 'reduce', reason: 'DEARER' },
  ]);
  // Early: the limit still holds.
  expect(marginState(await account()).distance).toBeGreaterThan(LIMITS.minDistance);

  const quote = await bridgeQuote(BigInt(Math.ceil(due.cure.parts[0]!.amount * 1.01)) * E6);
  const who = { sender: owner.address, recipient: owner.address, deadline: (await world.clockSeconds()) + 7_200 };
  const hash = await sendCalls(world, owner, bridge.build({ kind: 'quote', quote, ...who }));
  await actors.acrossRelayer.tick();
  expect(await bridge.track(transferOf(quote, hash), never)).toMatchObject({ state: 'filled' });
  const arrived = await balanceOf(away, away.tokens.USDC, owner.address);
  await sendCalls(world, owner, await planPerpV2Deposit(market, arrived, never));
  expect(await plan()).toMatchObject({ status: 'fine' });
  expect(marginState(await account()).distance).toBeGreaterThan(LIMITS.minDistance);
});
