import { Interface } from 'ethers/abi';
import type { Hex } from './types.js';

const pool = new Interface(['function slot0()', 'function observations(uint256 index)']);
const WRAP = 2 ** 32;

export interface ObservationRequest {
  /** Calls the pool and answers what it returned. */
  readonly read: (data: Hex) => Promise<Hex>;
  /** How long the mean price reaches back. */
  readonly twapSeconds: number;
  /** The chain's clock, Unix seconds. */
  readonly nowSeconds: number;
}

/**
 * The place of the last observation of a Uniswap V3 pool that is at least `twapSeconds` old: what an order names so that the
 * chain need not search for it. Reads one observation for each doubling of their number.
 *
 * @returns undefined when none has to be found, because the newest is old enough, or can be, because none is or because what
 * answers is no such pool
 */
export async function observationPlace(request: ObservationRequest): Promise<number | undefined> {
  const { nowSeconds, read, twapSeconds } = request;
  const state = words(await read(pool.encodeFunctionData('slot0') as Hex));
  if (state.length < 4) return undefined;
  const [newest, count] = [Number(state[2]), Number(state[3])];
  // Counted from the oldest, which stands behind the newest in the ring.
  const placeOf = (rank: number): number => (newest + 1 + rank) % count;
  const isOld = async (rank: number): Promise<boolean> => {
    const [madeAt = 0n] = words(await read(pool.encodeFunctionData('observations', [placeOf(rank)]) as Hex));
    // The clock of pools has 32 bits.
    return (nowSeconds - Number(madeAt) + WRAP) % WRAP >= twapSeconds;
  };
  if ((await isOld(count - 1)) || !(await isOld(0))) return undefined;
  let [old, young] = [0, count - 1];
  while (young - old > 1) {
    const middle = (old + young) >> 1;
    if (await isOld(middle)) old = middle;
    else young = middle;
  }
  return placeOf(old);
}

/** What a call answered, word by word: slot0 is square root of the price, tick, newest, count; an observation begins with its time. */
function words(data: Hex): readonly bigint[] {
  return (data.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
}
