import { chainSettlement, ownerCalls } from '@evenkeel/adapters/batch';
import { settleCall } from '@evenkeel/adapters/gpv2';
import type { Address, Call } from '@evenkeel/core';
import type { World } from '@evenkeel/devnet';
import type { ReadyBatch, ReadySettlement } from '../settle-batch.js';

/** What settling takes by itself, whatever is routed. Units of gas. */
export interface GasFloor {
  readonly perSettlement: number;
  readonly perOrder: number;
}

/**
 * Measures the floor on the real contracts: a settlement with all orders and nothing routed, paid out of what whoever settles
 * is given for it, against one that is empty. Changes the state: take a snapshot first.
 */
export async function measureFloor(world: World, { settlements }: ReadyBatch): Promise<GasFloor> {
  let [empty, full, orders] = [0, 0, 0];
  for (const settlement of settlements) {
    const { chain } = settlement.place;
    const { account, emptyCall, fullCall, sender } = unrouted(settlement);
    for (const token of settlement.markets.flatMap(({ market }) => [market.base, market.quote])) {
      await world.fund(token, account, 10n ** BigInt(token.decimals) * 1_000_000n);
    }
    const gasOf = async ({ data, to }: Call): Promise<number> => {
      const [played] = await chain.simulate({ from: sender, calls: [{ to, data, valueWei: 0n }] });
      return Number(played!.gasUsed);
    };
    empty += await gasOf(emptyCall);
    full += await gasOf(fullCall);
    orders += settlement.markets.reduce((sum, { cleared }) => sum + cleared.fills.length, 0);
  }
  if (orders === 0) return { perSettlement: 0, perOrder: 0 };
  return { perSettlement: empty / settlements.length, perOrder: (full - empty) / orders };
}

interface Unrouted {
  /** What pays and is paid. */
  readonly account: Address;
  readonly sender: Address;
  readonly emptyCall: Call;
  readonly fullCall: Call;
}

function unrouted({ markets, place, signed, way }: ReadySettlement): Unrouted {
  if (way === 'multicall') {
    const { account, atomic, sender } = place.owner!;
    const bare = markets.map((market) => ({ ...market, route: [] }));
    return { account, sender, emptyCall: atomic([]), fullCall: atomic(ownerCalls(bare, account)) };
  }
  const { settlement, solver } = place.settlement;
  const { prices, trades } = chainSettlement(signed, solver);
  const call = (orders: typeof trades): Call => settleCall(place.settlement, { prices, trades: orders });
  return { account: settlement, sender: solver, emptyCall: call([]), fullCall: call(trades) };
}
