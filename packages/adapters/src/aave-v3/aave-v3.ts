import {
  type Address,
  type AssetUnits,
  type Chain,
  Decimal,
  type DecimalString,
  type LendingPosition,
  parseDecimal,
  type PositionReading,
  type PositionSource,
  sameAddress,
  type Token,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { deepFreeze } from '../common/freeze.js';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import { asOfBlock } from '../uniswap/pool.js';
import { readStaged } from '../uniswap/staged-read.js';
import { problemOf, thresholdBpsOf } from './account-problem.js';
import { type AccountState, type MarketView, type ReserveState, stagedAccount } from './account-read.js';

/** An asset of the market, and what a unit of it means for the exposure. */
export interface AaveAsset {
  readonly token: Token;
  /** Delta of one unit: "1" for WETH, "0" for USDC, rate × basis for a staked token. */
  readonly deltaPerUnit: DecimalString;
  /** Value of one unit in numeraire that does not move with the spot: "1" for USDC, "0" for WETH. */
  readonly valuePerUnit: DecimalString;
  /** Names the asset where its price may leave what `deltaPerUnit` says: "wstETH". */
  readonly basisAsset?: string;
  /** Whose spot the asset follows. Default: the book's own underlying. */
  readonly underlying?: string;
}

export interface AaveV3AccountOptions {
  readonly chain: Chain;
  /** PoolAddressesProvider: the one address of a market that does not change. */
  readonly addressesProvider: Address;
  /** Assets that the account may hold or owe. One with any other is unknown as a whole. */
  readonly assets: readonly AaveAsset[];
  /** Default: `aave-v3-` and the chain's id. */
  readonly id?: string;
}

/**
 * An account of Aave v3 as one lending position: every asset that it supplied, and every debt with the interest up to
 * the block that was read, at one block and in one request once the market is known.
 *
 * The parts are held against the pool's own sums. Where they do not add up, where an asset has other decimals than
 * stated, or where there is one that the configuration does not know, the account is *unknown*. In an efficiency mode
 * all collateral has the account's average threshold, which is exact while prices keep their proportions.
 *
 * @throws {InvalidInputError} for a token of another chain or a number that is none. `read` throws only when it is
 * aborted.
 *
 * @example
 * ```ts
 * const source = aaveV3Account({
 *   chain,
 *   addressesProvider: '0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e',
 *   assets: [
 *     { token: weth, deltaPerUnit: '1', valuePerUnit: '0' },
 *     { token: usdc, deltaPerUnit: '0', valuePerUnit: '1' },
 *   ],
 * })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function aaveV3Account(options: AaveV3AccountOptions): PositionSource {
  const { addressesProvider, chain } = options;
  const source = { id: options.id ?? `aave-v3-${chain.id}`, name: `Aave v3 account on ${chain.name}`, chain };
  const assets = options.assets.map((asset, index) => checked(asset, chain, `assets[${index}]`));
  const memory = new Map<string, MarketView | undefined>();
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      const [found] = await readStaged(chain, [stagedAccount(addressesProvider, owner)], memory, signal);
      const { block, value } = found!;
      const used = value.reserves.filter(({ borrowed, supplied }) => borrowed > 0n || supplied > 0n);
      const named = { id: positionId(source.id, owner, 'account'), label: `${source.name} of ${owner}` };
      const asOf = asOfBlock(source.id, chain.id, block);
      const problem = problemOf(value, used, assets);
      const isEmpty = used.length === 0 && problem === undefined;
      const readings: readonly PositionReading[] = isEmpty
        ? []
        : problem === undefined
          ? [{ status: 'known', ...named, position: positionOf(value, used, assets), asOf }]
          : [unknownReading(named.id, named.label, problem, asOf)];
      if (problem === undefined) lastSeen.set(owner, readings);
      return deepFreeze(readings);
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

function positionOf(state: AccountState, used: readonly ReserveState[], assets: readonly AaveAsset[]): LendingPosition {
  const unitsOf = (reserve: ReserveState, atoms: bigint): AssetUnits => {
    const { token, ...perUnit } = assets.find((each) => sameAddress(each.token.address, reserve.asset))!;
    return { amountUnits: new Decimal(atoms.toString()).shiftedBy(-token.decimals).toFixed(), ...perUnit };
  };
  return {
    kind: 'lending',
    collateral: used
      .filter(({ supplied }) => supplied > 0n)
      .map((reserve) => ({
        ...unitsOf(reserve, reserve.supplied),
        liquidationThreshold: share(thresholdBpsOf(state, reserve)),
        // Aave counts what a liquidator gets: 10,500 is a bonus of 5 %.
        liquidationBonus: share(Math.max(0, reserve.liquidationBonusBps - 10_000)),
      })),
    debt: used.filter(({ borrowed }) => borrowed > 0n).map((reserve) => unitsOf(reserve, reserve.borrowed)),
  };
}

function share(bps: number): DecimalString {
  return new Decimal(bps).shiftedBy(-4).toFixed();
}

function checked(asset: AaveAsset, chain: Chain, field: string): AaveAsset {
  const { deltaPerUnit, token, valuePerUnit } = asset;
  if (token.chainId !== chain.id) {
    const hint = 'Give each chain a source of its own.';
    throw new InvalidInputError(`${field}.token.chainId`, token.chainId, `is not ${chain.id}`, hint);
  }
  parseDecimal(deltaPerUnit, `${field}.deltaPerUnit`);
  parseDecimal(valuePerUnit, `${field}.valuePerUnit`);
  return { ...asset, token: { ...token } };
}
