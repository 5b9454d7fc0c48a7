import { type Address, type Hex, NATIVE_ADDRESS, sameAddress } from '@evenkeel/core';
import { toBeHex } from 'ethers';
import * as v from 'valibot';
import { addressSchema } from '../common/schemas.js';
import { allOf, optionalRead, type Read, structOf, viewCall } from '../uniswap/read.js';
import { addressOutput, type PriceState, tickSchema, uintOutput } from '../uniswap/schemas.js';
import type { Advance, StagedRead } from '../uniswap/staged-read.js';
import { feesEarned } from '../uniswap-v3/fees.js';
import { positionManagerAbi, stateViewAbi } from './abi.js';
import { type PoolKey, poolIdOf } from './pool-key.js';
import { priceRead } from './pool-read.js';

/** What of a position never changes. */
interface Place {
  readonly key: PoolKey;
  readonly tickLower: number;
  readonly tickUpper: number;
}

/** One position with its pool as it is now. */
export interface FoundPosition extends Place {
  readonly tokenId: bigint;
  readonly liquidity: bigint;
  readonly price: PriceState;
  /** Fees that wait to be collected, atoms of currency 0 and 1. */
  readonly owed: readonly [bigint, bigint];
}

/** Places by id; null for an id that is no position. */
export type Places = ReadonlyMap<bigint, Place | null>;

interface PoolNow extends Readonly<Record<string, unknown>> {
  readonly price: PriceState;
  readonly inside: readonly [bigint, bigint];
  readonly stored: { readonly liquidity: bigint; readonly insideLast: readonly [bigint, bigint] };
}

interface Answer extends Readonly<Record<string, unknown>> {
  readonly balance: bigint;
  readonly owners: readonly (Address | undefined)[];
  readonly places: readonly (Place | null | undefined)[];
  readonly pools: readonly (PoolNow | undefined)[];
}

/** How many positions the owner has, and those of the ids asked about that are its own. */
export interface OwnerPositions {
  readonly balance: bigint;
  readonly found: readonly FoundPosition[];
}

export interface V4Contracts {
  readonly positionManager: Address;
  readonly stateView: Address;
}

/** One of the position's packed fields: 200 bits of the pool's id, two ticks of 24 bits, a byte of flags. */
function tickAt(info: bigint, shift: bigint): bigint {
  return BigInt.asIntN(24, info >> shift);
}

const keySchema = v.pipe(
  v.tuple([addressSchema, addressSchema, v.bigint(), tickSchema, addressSchema]),
  v.transform(([currency0, currency1, fee, tickSpacing, hooks]): PoolKey => ({
    currency0,
    currency1,
    fee: Number(fee),
    tickSpacing,
    hooks,
  })),
);
const placeSchema: v.GenericSchema<unknown, Place | null> = v.pipe(
  v.tuple([keySchema, v.bigint()]),
  v.check(([, info]) => info === 0n || tickAt(info, 8n) < tickAt(info, 32n), 'has an empty range'),
  v.check(
    ([key, info]) => info === 0n || BigInt(poolIdOf(key)) >> 56n === info >> 56n,
    'is of another pool than its key names',
  ),
  v.transform(([key, info]) =>
    info === 0n ? null : { key, tickLower: Number(tickAt(info, 8n)), tickUpper: Number(tickAt(info, 32n)) },
  ),
);
const growthSchema = v.pipe(
  v.tuple([v.bigint(), v.bigint()]),
  v.transform((both): readonly [bigint, bigint] => both),
);
const storedSchema = v.pipe(
  v.tuple([v.bigint(), v.bigint(), v.bigint()]),
  v.transform(([liquidity, last0, last1]) => ({ liquidity, insideLast: [last0, last1] as const })),
);

/** All of these ids that are the owner's, at one block; one request once their places are known. */
export function stagedPositions(
  contracts: V4Contracts,
  owner: Address,
  ids: readonly bigint[],
): StagedRead<Places, Answer, OwnerPositions> {
  const manager = <T>(name: string, args: readonly unknown[], schema: v.GenericSchema<unknown, T>): Read<T> =>
    viewCall(positionManagerAbi, name, contracts.positionManager, args, schema);
  return {
    key: `${contracts.positionManager}/${owner}`.toLowerCase(),
    unknown: new Map(),
    plan: (places) =>
      structOf<Answer>({
        balance: manager('balanceOf', [owner], uintOutput),
        // A burnt one reverts.
        owners: allOf(ids.map((id) => optionalRead(manager('ownerOf', [id], addressOutput)))),
        places: allOf(
          ids.map((id): Read<Place | null | undefined> =>
            places.has(id) ? NOTHING : manager('getPoolAndPositionInfo', [id], placeSchema),
          ),
        ),
        pools: allOf(ids.map((id) => poolRead(contracts, id, places.get(id) ?? undefined))),
      }),
    advance: (places, { balance, owners, places: fresh, pools }): Advance<Places, OwnerPositions> => {
      const unplaced = ids.filter((id) => !places.has(id));
      if (unplaced.length > 0) {
        const found = ids.flatMap((id, i) => (fresh[i] === undefined ? [] : [[id, fresh[i]] as const]));
        return { kind: 'again', view: new Map([...places, ...found]) };
      }
      const own = ids.flatMap((tokenId, i): readonly FoundPosition[] => {
        const [place, pool, holder] = [places.get(tokenId), pools[i], owners[i]];
        if (holder === undefined || !sameAddress(holder, owner) || !place || pool === undefined) return [];
        return [positionNow(tokenId, place, pool)];
      });
      return { kind: 'done', value: { balance, found: own } };
    },
  };
}

const NOTHING: Read<undefined> = { calls: [], decode: () => undefined };

function poolRead({ positionManager, stateView }: V4Contracts, id: bigint, place?: Place): Read<PoolNow | undefined> {
  if (place === undefined) return NOTHING;
  const pool: Hex = poolIdOf(place.key);
  const ticks = [place.tickLower, place.tickUpper];
  // The manager holds every position itself, apart by a salt: the id.
  const salt = toBeHex(id, 32);
  return structOf<PoolNow>({
    price: priceRead(stateView, pool),
    inside: viewCall(stateViewAbi, 'getFeeGrowthInside', stateView, [pool, ...ticks], growthSchema),
    stored: viewCall(stateViewAbi, 'getPositionInfo', stateView, [pool, positionManager, ...ticks, salt], storedSchema),
  });
}

function positionNow(tokenId: bigint, place: Place, { inside, price, stored }: PoolNow): FoundPosition {
  const { insideLast, liquidity } = stored;
  const owed = ([0, 1] as const).map((index) => feesEarned(inside[index], insideLast[index], liquidity));
  return { ...place, tokenId, price, liquidity, owed: [owed[0]!, owed[1]!] };
}

/** Hooks whose permissions let them change what leaving a pool, or trading in it, pays. */
export function hookChangesAmounts({ hooks }: PoolKey): boolean {
  if (sameAddress(hooks, NATIVE_ADDRESS)) return false;
  return (BigInt(hooks) & (AFTER_REMOVE_LIQUIDITY_RETURNS_DELTA | BEFORE_SWAP_RETURNS_DELTA)) !== 0n;
}

/** Lowest bits of a hook's address say what it may do (Uniswap v4-core, Hooks.sol). */
const AFTER_REMOVE_LIQUIDITY_RETURNS_DELTA = 1n << 0n;
const BEFORE_SWAP_RETURNS_DELTA = 1n << 3n;
