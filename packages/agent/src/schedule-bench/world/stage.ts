import type { World, WorldChain, WorldOptions } from '@evenkeel/devnet';
import { parseUnits, toQuantity } from 'ethers';
import { latestSeconds } from './latest-seconds.js';
import type { WorldSetting } from './setting.js';

/** 2026-01-01T00:00:00Z: clocks that start at the same second give transactions of the same length, and so the same gas. */
const START_SECONDS = 1_767_225_600;

/** The world that schedules are compared in: one chain. */
export const STAGE_WORLD: WorldOptions = Object.freeze({ chains: 1, startTimeSeconds: START_SECONDS });

/** What the pools of the world open around. */
export const OPENING_PRICE = 3000;

/** The real pools at the decision, to come back to before every run, and whoever refills them. */
export interface Stage {
  readonly chain: WorldChain;
  /** Takes everything back to the decision. */
  restart(): Promise<void>;
  /** The arbitrageur sees a price, so long after the decision, and does his part of the way. */
  visit(seconds: number, price: number): Promise<void>;
  /** Lets the next block be of a time after the decision, or of the second after the last one where that is later. */
  at(seconds: number): Promise<void>;
  /** Back to the decision, with nobody who acts. */
  close(): Promise<void>;
  /** Transactions with which the arbitrageur has moved pools so far. */
  refills(): number;
}

/**
 * Brings the pools to the opening price once, as far as their fees let arbitrage bring them, and remembers them so.
 *
 * Each transaction is a block of its own, a second after the one before, whatever the time is here: the same setting gives
 * the same blocks.
 */
export async function openStage(
  world: World,
  { arbitrageSeconds, halfLifeSeconds, units }: Pick<WorldSetting, 'arbitrageSeconds' | 'halfLifeSeconds' | 'units'>,
): Promise<Stage> {
  const chain = world.chains[0]!;
  await world.fund(chain.tokens.WETH, world.accounts.trader.address, parseUnits(units.toFixed(6), 18));
  const actors = await world.startActors({ only: [] });
  const { arbitrageur } = actors;
  await chain.rpc('anvil_setBlockTimestampInterval', [1]);
  arbitrageur.setPrice(OPENING_PRICE);
  await arbitrageur.tick();
  arbitrageur.setShare(1 - 2 ** (-arbitrageSeconds / halfLifeSeconds));
  const decision = await world.snapshot();
  const decidedSeconds = await latestSeconds(chain);
  const at = async (seconds: number): Promise<void> => {
    const next = Math.max(decidedSeconds + Math.round(seconds), (await latestSeconds(chain)) + 1);
    await chain.rpc('evm_setNextBlockTimestamp', [toQuantity(next)]);
  };
  return Object.freeze({
    chain,
    at,
    restart: () => world.revert(decision),
    async visit(seconds, price) {
      await at(seconds);
      arbitrageur.setPrice(price);
      await arbitrageur.tick();
    },
    async close() {
      await actors.stop();
      await world.revert(decision);
    },
    refills: () => actors.events().filter(({ kind }) => kind === 'arbitraged').length,
  } satisfies Stage);
}
