import { type Address, NATIVE_ADDRESS, sameAddress } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema } from '../common/schemas.js';
import { allOf, mapRead, optionalRead, type Read, structOf, viewCall } from '../uniswap/read.js';
import { addressOutput, type PriceState, tickSchema, uintOutput } from '../uniswap/schemas.js';
import type { Advance, StagedRead } from '../uniswap/staged-read.js';
import { factoryAbi, poolAbi, positionManagerAbi } from './abi.js';
import { feeGrowthInside, feesEarned } from './fees.js';
import { priceRead } from './pool-read.js';

/** What of a position never changes. */
interface Place {
  readonly token0: Address;
  readonly token1: Address;
  readonly feePpm: number;
  readonly tickLower: number;
  readonly tickUpper: number;
}

/** A place whose pool may have been looked up. */
interface LocatedPlace extends Place {
  readonly pool?: Address;
}

/** What the position manager says of one. */
interface Stored extends Place {
  readonly liquidity: bigint;
  readonly feeGrowthInsideLast: readonly [bigint, bigint];
  readonly owed: readonly [bigint, bigint];
}

/** One position with its pool as it is now. */
export interface FoundPosition extends Stored {
  readonly tokenId: bigint;
  readonly price: PriceState;
}

/** What is remembered of an owner: the ids, and where their positions lie once that is known. */
export interface OwnerView {
  readonly ids: readonly bigint[];
  readonly places: ReadonlyMap<bigint, LocatedPlace>;
}

/** Price, and fee growth of both tokens: in all, and outside of the ends of the range. */
type PoolNow = {
  readonly price: PriceState;
  readonly global: readonly [bigint, bigint];
  readonly lower: readonly [bigint, bigint];
  readonly upper: readonly [bigint, bigint];
};

type Answer = {
  readonly balance: bigint;
  readonly ids: readonly (bigint | undefined)[];
  readonly stored: readonly (Stored | undefined)[];
  /** Per id; a pool's address while it is looked up, its state afterwards. */
  readonly pools: readonly (Address | PoolNow | undefined)[];
};

/** More positions than are read. An owner can be sent any number of them. */
export interface TooMany {
  readonly kind: 'too-many';
  readonly count: bigint;
}

const storedSchema: v.GenericSchema<unknown, Stored> = v.pipe(
  v.tuple([
    v.bigint(),
    addressSchema,
    addressSchema,
    addressSchema,
    v.bigint(),
    tickSchema,
    tickSchema,
    v.bigint(),
    v.bigint(),
    v.bigint(),
    v.bigint(),
    v.bigint(),
  ]),
  v.transform(([, , token0, token1, fee, tickLower, tickUpper, liquidity, growth0, growth1, owed0, owed1]): Stored => ({
    token0,
    token1,
    feePpm: Number(fee),
    tickLower,
    tickUpper,
    liquidity,
    feeGrowthInsideLast: [growth0, growth1],
    owed: [owed0, owed1],
  })),
  v.check(({ tickLower, tickUpper }) => tickLower < tickUpper, 'has an empty range'),
);

const growthOutsideSchema: v.GenericSchema<unknown, readonly [bigint, bigint]> = v.pipe(
  v.looseTuple([v.bigint(), v.bigint(), v.bigint(), v.bigint()]),
  v.transform(([, , growth0, growth1]): readonly [bigint, bigint] => [growth0, growth1]),
);

/**
 * All positions of an owner with the fees that they have earned up to now. The manager is asked for the ids each time;
 * as long as they are the ones that were known, all of it is one request.
 */
export function stagedPositions(
  manager: Address,
  factory: Address,
  owner: Address,
  maxPositions: number,
): StagedRead<OwnerView, Answer, readonly FoundPosition[] | TooMany> {
  const plan = ({ ids, places }: OwnerView): Read<Answer> =>
    structOf<Answer>({
      balance: viewCall(positionManagerAbi, 'balanceOf', manager, [owner], uintOutput),
      // An index beyond the end and an id that was burnt revert: the owner has fewer by now.
      ids: allOf(
        ids.map((_, index) =>
          optionalRead(viewCall(positionManagerAbi, 'tokenOfOwnerByIndex', manager, [owner, index], uintOutput)),
        ),
      ),
      stored: allOf(
        ids.map((id) => optionalRead(viewCall(positionManagerAbi, 'positions', manager, [id], storedSchema))),
      ),
      pools: allOf(ids.map((id) => poolRead(factory, places.get(id)))),
    });

  const advance = (view: OwnerView, got: Answer): Advance<OwnerView, readonly FoundPosition[] | TooMany> => {
    if (got.balance > BigInt(maxPositions)) {
      return { kind: 'done', value: { kind: 'too-many', count: got.balance } };
    }
    const ids = Array.from({ length: Number(got.balance) }, (_, index) => got.ids[index] ?? UNNAMED);
    const places = new Map(view.ids.map((id, index) => [id, placeOf(view.places.get(id), got, index)] as const));
    const known = new Map([...places].flatMap(([id, place]) => (place === undefined ? [] : [[id, place] as const])));
    const found = view.ids.map((tokenId, index) => foundPosition(tokenId, got.stored[index], got.pools[index]));
    const complete = found.every((each) => each !== undefined);
    const same = ids.length === view.ids.length && ids.every((id, index) => id === view.ids[index]);
    if (same && complete) return { kind: 'done', value: found };
    return { kind: 'again', view: Object.freeze({ ids, places: known }) };
  };
  const key = `${manager}/${owner}`.toLowerCase();
  return { key, unknown: Object.freeze({ ids: [], places: new Map<bigint, never>() }), plan, advance };
}

/** Stands for a position whose id is not known yet: the manager numbers from one. */
const UNNAMED = 0n;

function poolRead(factory: Address, place: LocatedPlace | undefined): Read<Address | PoolNow | undefined> {
  if (place === undefined) return NOTHING;
  const { feePpm, pool, tickLower, tickUpper, token0, token1 } = place;
  if (pool === undefined) return viewCall(factoryAbi, 'getPool', factory, [token0, token1, feePpm], addressOutput);
  const growth = (name: string): Read<bigint> => viewCall(poolAbi, name, pool, [], uintOutput);
  const outside = (tick: number) => viewCall(poolAbi, 'ticks', pool, [tick], growthOutsideSchema);
  const both = allOf([growth('feeGrowthGlobal0X128'), growth('feeGrowthGlobal1X128')]);
  return structOf<PoolNow>({
    price: priceRead(pool),
    global: mapRead(both, ([growth0, growth1]): readonly [bigint, bigint] => [growth0!, growth1!]),
    lower: outside(tickLower),
    upper: outside(tickUpper),
  });
}

const NOTHING: Read<undefined> = { calls: [], decode: () => undefined };

function placeOf(before: LocatedPlace | undefined, got: Answer, index: number): LocatedPlace | undefined {
  const pool = got.pools[index];
  if (before !== undefined) {
    return typeof pool === 'string' && !sameAddress(pool, NATIVE_ADDRESS) ? { ...before, pool } : before;
  }
  const stored = got.stored[index];
  if (stored === undefined) return undefined;
  const { feePpm, tickLower, tickUpper, token0, token1 } = stored;
  return { feePpm, tickLower, tickUpper, token0, token1 };
}

function foundPosition(
  tokenId: bigint,
  stored: Stored | undefined,
  pool: Address | PoolNow | undefined,
): FoundPosition | undefined {
  if (stored === undefined || pool === undefined || typeof pool === 'string') return undefined;
  const { feeGrowthInsideLast, liquidity, owed, tickLower, tickUpper } = stored;
  const owedNow = ([0, 1] as const).map((index) => {
    const growth = {
      global: pool.global[index],
      outsideLower: pool.lower[index],
      outsideUpper: pool.upper[index],
    };
    const inside = feeGrowthInside(growth, pool.price.tick, tickLower, tickUpper);
    // Without liquidity its ticks may be gone, and nothing is earned.
    return owed[index] + (liquidity === 0n ? 0n : feesEarned(inside, feeGrowthInsideLast[index], liquidity));
  });
  return { ...stored, tokenId, price: pool.price, owed: [owedNow[0]!, owedNow[1]!] };
}
