import type { Address, Chain, PositionReading, PositionSource } from '@evenkeel/core';
import { deepFreeze } from '../common/freeze.js';
import { marketOf, type PositionMarket, roleOf } from '../positions/market.js';
import { positionId, unreadable } from '../positions/readings.js';
import { type Pair, sorted } from '../uniswap/pairs.js';
import { asOfBlock } from '../uniswap/pool.js';
import { type Read, structOf, viewCall } from '../uniswap/read.js';
import { uintOutput } from '../uniswap/schemas.js';
import { readStaged, type StagedValue } from '../uniswap/staged-read.js';
import { pairAbi } from './abi.js';
import { type FoundPair, type PairView, type Reserves, reservesRead, stagedPair } from './pair-read.js';

export interface UniswapV2PositionsOptions extends PositionMarket {
  readonly chain: Chain;
  readonly factory: Address;
  /** Default: `uniswap-v2-lp-` and the chain's id. */
  readonly id?: string;
}

/** Every pair in which something moves: the underlying and each other factor, against all that are not it. */
function pairsIn({ moving, numeraires, underlying }: Required<PositionMarket>): readonly Pair[] {
  const factors = [underlying, ...moving.map(({ token }) => token)];
  return factors.flatMap((token, index) =>
    [...factors.slice(index + 1), ...numeraires].map((other) => sorted(token, other)),
  );
}

interface Share {
  readonly reserves: Reserves;
  readonly supply: bigint;
  readonly shares: bigint;
}

/**
 * Shares of Uniswap V2 pairs of the underlying with each numeraire and each other factor (and of those among one another),
 * as positions: the owner's part of the reserves. Where
 * the protocol's own fee is switched on, withdrawing pays it out first, a sixth of what the pool has earned since the
 * last deposit; that part is not taken off.
 *
 * One request once the pairs are known. When the chain cannot be read the positions are *unknown*; `read` throws only
 * when it is aborted.
 *
 * @example
 * ```ts
 * const source = uniswapV2Positions({ chain, factory, underlying: weth, numeraires: [usdc] })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function uniswapV2Positions(options: UniswapV2PositionsOptions): PositionSource {
  const { chain, factory } = options;
  const source = { id: options.id ?? `uniswap-v2-lp-${chain.id}`, name: `Uniswap V2 shares on ${chain.name}`, chain };
  const market = marketOf(options);
  const pairs = pairsIn(market);
  const memory = new Map<string, PairView>();
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      const subjects = pairs.map((pair) => stagedPair(factory, pair, (address) => shareRead(address, owner)));
      const found = await readStaged(chain, subjects, memory, signal);
      const readings = deepFreeze(found.flatMap((each) => readingOf(source, owner, market, each)));
      lastSeen.set(owner, readings);
      return readings;
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

function shareRead(pair: Address, owner: Address): Read<Share> {
  return structOf<{ reserves: Reserves; supply: bigint; shares: bigint }>({
    reserves: reservesRead(pair),
    supply: viewCall(pairAbi, 'totalSupply', pair, [], uintOutput),
    shares: viewCall(pairAbi, 'balanceOf', pair, [owner], uintOutput),
  });
}

function readingOf(
  source: { readonly id: string; readonly chain: Chain },
  owner: Address,
  market: PositionMarket,
  { block, value }: StagedValue<FoundPair<Share> | undefined>,
): readonly PositionReading[] {
  if (value === undefined || value.state.shares === 0n) return [];
  const { address, pair, state } = value;
  const role = roleOf(pair[0].address, pair[1].address, market);
  if (role.kind !== 'market') return [];
  const part = (reserve: bigint): bigint => (reserve * state.shares) / state.supply;
  return [
    {
      status: 'known',
      id: positionId(source.id, owner, address),
      label: `Uniswap V2 ${pair[0].symbol}/${pair[1].symbol} on ${source.chain.name}`,
      position: {
        kind: 'constant-product-liquidity',
        amounts: [part(state.reserves[0]), part(state.reserves[1])],
        decimals: [pair[0].decimals, pair[1].decimals],
        underlyingIndex: role.underlyingIndex,
        ...role.follows,
      },
      asOf: asOfBlock(source.id, source.chain.id, block),
    },
  ];
}
