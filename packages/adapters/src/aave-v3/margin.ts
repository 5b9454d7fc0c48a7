import { type Address, type Chain, Decimal, fromAtoms, sameAddress, type Token } from '@evenkeel/core';
import type { LendingMargin, LendingSide } from '@evenkeel/core/margin';
import { readStaged } from '../uniswap/staged-read.js';
import type { AaveAsset } from './aave-v3.js';
import { problemOf, thresholdBpsOf } from './account-problem.js';
import { type AccountState, type MarketView, type ReserveState, stagedAccount } from './account-read.js';
import { AaveMarginUnknownError } from './errors.js';

/** What an account may hold and owe, and in what its prices are told. */
export interface AaveMarginAssets {
  readonly assets: readonly AaveAsset[];
  readonly underlying: Token;
  /** Worth one: prices are those of the market's oracle over its own. */
  readonly numeraire: Token;
}

export interface AaveMarginMarket extends AaveMarginAssets {
  readonly chain: Chain;
  /** PoolAddressesProvider. */
  readonly addressesProvider: Address;
}

export interface AaveMarginReading {
  readonly margin: LendingMargin;
  /** At which a supply of the numeraire counts as collateral: 0.78. Zero where it does not. */
  readonly threshold: number;
}

/**
 * Reads the margin of accounts as they are now: one request once the market's contracts are known.
 *
 * @throws {AaveMarginUnknownError}; CONTRACT_UNREADABLE and what the chain throws, by the reader
 * @example
 * ```ts
 * const read = aaveMarginReader(market)
 * const { distance } = marginState(lendingMargin((await read(owner, signal)).margin))
 * ```
 */
export function aaveMarginReader(
  market: AaveMarginMarket,
): (owner: Address, signal: AbortSignal) => Promise<AaveMarginReading> {
  const { addressesProvider, chain, numeraire } = market;
  const memory = new Map<string, MarketView | undefined>();
  return async (owner, signal) => {
    const [found] = await readStaged(chain, [stagedAccount(addressesProvider, owner)], memory, signal);
    const { reserves } = found!.value;
    const own = reserves.find(({ asset }) => sameAddress(asset, numeraire.address));
    // What is supplied and does not count as collateral would not count after more of it either.
    const isLeftOut = own === undefined || (own.supplied > 0n && !own.isCollateral);
    return {
      margin: aaveV3Margin(found!.value, market),
      threshold: isLeftOut ? 0 : own.liquidationThresholdBps / 10_000,
    };
  };
}

/**
 * An account of Aave v3 as margin, at the prices of the market's oracle, at which it is liquidated. What an asset is worth
 * now is what the oracle says; how it moves with the spot is what the configuration says.
 *
 * @throws {AaveMarginUnknownError} for an asset that is not listed, and where the parts do not add up to the pool's own sums
 */
function aaveV3Margin(state: AccountState, { assets, numeraire, underlying }: AaveMarginAssets): LendingMargin {
  const used = state.reserves.filter(({ borrowed, supplied }) => borrowed > 0n || supplied > 0n);
  const problem = problemOf(state, used, assets);
  if (problem !== undefined) throw new AaveMarginUnknownError(problem);
  const one = priceOf(state, numeraire);
  const spot = priceOf(state, underlying).div(one);
  const side = (amount: (reserve: ReserveState) => bigint, share: (reserve: ReserveState) => number): LendingSide => {
    const parts = used.map((reserve) => {
      const { deltaPerUnit, token } = assets.find((each) => sameAddress(each.token.address, reserve.asset))!;
      const counted = new Decimal(fromAtoms(token, amount(reserve))).times(share(reserve));
      return { units: counted.times(deltaPerUnit), worth: counted.times(reserve.price.toString()).div(one) };
    });
    const sum = (of: 'units' | 'worth'): Decimal => parts.reduce((all, part) => all.plus(part[of]), new Decimal(0));
    return Object.freeze({
      units: Number(sum('units')),
      dollars: Number(sum('worth').minus(sum('units').times(spot))),
    });
  };
  return Object.freeze({
    spot: Number(spot),
    collateral: side(
      ({ supplied }) => supplied,
      () => 1,
    ),
    weighted: side(
      ({ supplied }) => supplied,
      (reserve) => thresholdBpsOf(state, reserve) / 10_000,
    ),
    debt: side(
      ({ borrowed }) => borrowed,
      () => 1,
    ),
  });
}

function priceOf({ reserves }: AccountState, { address, symbol }: Token): Decimal {
  const reserve = reserves.find(({ asset }) => sameAddress(asset, address));
  if (reserve === undefined) throw new AaveMarginUnknownError(`the market has no ${symbol}`);
  return new Decimal(reserve.price.toString());
}
