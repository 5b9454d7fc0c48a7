import { chainSettlement } from '@evenkeel/adapters/batch';
import { type Gpv2Settlement, settleCall } from '@evenkeel/adapters/gpv2';
import type { World } from '@evenkeel/devnet';
import type { ReadyBatch } from '../settle-batch.js';

/** What the settlement contract takes by itself, whatever is routed. Units of gas. */
export interface GasFloor {
  readonly perSettlement: number;
  readonly perOrder: number;
}

/**
 * Measures the floor on the real contract: a settlement with all orders and nothing routed, paid out of what the contract
 * is given for it, against one that is empty. Changes the state: take a snapshot first.
 */
export async function measureFloor(world: World, { settlements }: ReadyBatch): Promise<GasFloor> {
  let [empty, full, orders] = [0, 0, 0];
  for (const { markets, place } of settlements) {
    const { chain, settlement } = place;
    for (const token of markets.flatMap(({ market }) => [market.base, market.quote])) {
      await world.fund(token, settlement.settlement, 10n ** BigInt(token.decimals) * 1_000_000n);
    }
    const gasOf = async (what: Gpv2Settlement): Promise<number> => {
      const { data, to } = settleCall(settlement, what);
      const [played] = await chain.simulate({ from: settlement.solver, calls: [{ to, data, valueWei: 0n }] });
      return Number(played!.gasUsed);
    };
    const { prices, trades } = chainSettlement(markets, settlement.solver);
    empty += await gasOf({ prices, trades: [] });
    full += await gasOf({ prices, trades });
    orders += trades.length;
  }
  if (orders === 0) return { perSettlement: 0, perOrder: 0 };
  return { perSettlement: empty / settlements.length, perOrder: (full - empty) / orders };
}
