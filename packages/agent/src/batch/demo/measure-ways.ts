import type { World, WorldSnapshot } from '@evenkeel/devnet';
import type { Wallet } from 'ethers';
import type { WayChoice } from '../choose-way.js';
import type { WayKind } from '../market.js';
import { send } from './send.js';

/** The chosen batch, settled one way for real. */
export interface MeasuredWay {
  readonly way: WayKind;
  /** Units, all chains together; undefined where the batch does not hold that way. */
  readonly gas: number | undefined;
}

/** Settles the same fills both ways, each on the same state, and puts the state back. */
export async function measureWays(
  world: World,
  { batch, other, way }: WayChoice,
  payers: Readonly<Record<WayKind, Wallet>>,
  start: WorldSnapshot,
): Promise<readonly MeasuredWay[]> {
  const measured: MeasuredWay[] = [];
  for (const each of ['multicall', 'gpv2'] as const) {
    const ready = each === way ? batch : other;
    let gas = 0;
    for (const { call, place } of ready?.settlements ?? []) {
      gas += Number((await send(world.chain(place.chain.id), payers[each], call)).gasUsed);
    }
    await world.revert(start);
    measured.push({ way: each, gas: ready === undefined ? undefined : gas });
  }
  return measured;
}
