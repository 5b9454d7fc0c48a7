import { type Address, type AsOf, type Chain, type PositionReading, type PositionSource } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { deepFreeze } from '../common/freeze.js';
import { foreignReading, marketOf, type PositionMarket, roleOf } from '../positions/market.js';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import { asOfBlock } from '../uniswap/pool.js';
import { readStaged } from '../uniswap/staged-read.js';
import { type FoundPosition, type OwnerView, stagedPositions } from './positions-read.js';

export interface UniswapV3PositionsOptions extends PositionMarket {
  readonly chain: Chain;
  /** NonfungiblePositionManager of v3-periphery. */
  readonly positionManager: Address;
  readonly factory: Address;
  /** Anybody can send an owner positions; with more than this they are all unknown. Default: 200. */
  readonly maxPositions?: number;
  /** Default: `uniswap-v3-lp-` and the chain's id. */
  readonly id?: string;
}

const MAX_POSITIONS = 200;
/** What one request can carry. */
const MOST_POSITIONS = 2000;

/**
 * Positions of Uniswap V3's position manager, with the fees that they have earned up to the block that was read.
 *
 * A position without the underlying or another factor has no delta and is left out, as is one that is empty. One of two
 * tokens that move follows both; one against a token that nobody has named is *unknown*. One request as long as the owner has the same positions. When the chain
 * cannot be read the positions are *unknown*; `read` throws only when it is aborted.
 *
 * @throws {InvalidInputError} for a `maxPositions` that is no whole number above zero.
 * @example
 * ```ts
 * const source = uniswapV3Positions({ chain, positionManager, factory, underlying: weth, numeraires: [usdc] })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function uniswapV3Positions(options: UniswapV3PositionsOptions): PositionSource {
  const { chain, factory, maxPositions = MAX_POSITIONS, positionManager } = options;
  if (!Number.isInteger(maxPositions) || maxPositions < 1 || maxPositions > MOST_POSITIONS) {
    throw new InvalidInputError('maxPositions', maxPositions, 'is not a number of positions', 'Give 1 to 2000.');
  }
  const source = {
    id: options.id ?? `uniswap-v3-lp-${chain.id}`,
    name: `Uniswap V3 positions on ${chain.name}`,
    chain,
  };
  const market = marketOf(options);
  const memory = new Map<string, OwnerView>();
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      const subject = stagedPositions(positionManager, factory, owner, maxPositions);
      const [answer] = await readStaged(chain, [subject], memory, signal);
      const { block, value } = answer!;
      const asOf = asOfBlock(source.id, chain.id, block);
      if ('kind' in value) {
        const reason = `${value.count} positions are more than the ${maxPositions} that are read`;
        return deepFreeze([unknownReading(positionId(source.id, owner, 'all'), source.name, reason, asOf)]);
      }
      const readings = deepFreeze(value.flatMap((found) => readingOf(source, owner, market, found, asOf)));
      lastSeen.set(owner, readings);
      return readings;
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

function readingOf(
  source: { readonly id: string; readonly chain: Chain },
  owner: Address,
  market: PositionMarket,
  { liquidity, owed, price, tickLower, tickUpper, token0, token1, tokenId }: FoundPosition,
  asOf: AsOf,
): readonly PositionReading[] {
  if (liquidity === 0n && owed[0] === 0n && owed[1] === 0n) return [];
  const role = roleOf(token0, token1, market);
  const id = positionId(source.id, owner, tokenId.toString());
  const label = `Uniswap V3 position ${tokenId} on ${source.chain.name}`;
  switch (role.kind) {
    case 'irrelevant':
      return [];
    case 'foreign':
      return [foreignReading(role, { id, label, asOf })];
    case 'market':
      return [
        {
          status: 'known',
          id,
          label,
          position: {
            kind: 'concentrated-liquidity',
            liquidity,
            tickLower,
            tickUpper,
            sqrtPriceX96: price.sqrtPriceX96,
            decimals: [role.tokens[0].decimals, role.tokens[1].decimals],
            underlyingIndex: role.underlyingIndex,
            owed,
            ...role.follows,
          },
          asOf,
        },
      ];
  }
}
