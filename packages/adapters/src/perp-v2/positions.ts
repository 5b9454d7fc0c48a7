import { type Address, Decimal, type PositionReading, type PositionSource } from '@evenkeel/core';
import { deepFreeze } from '../common/freeze.js';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import { type PerpV2Account, type PerpV2HeldCollateral, readPerpV2Account } from './account.js';
import type { PerpV2Market } from './market.js';

export interface PerpV2PositionsOptions extends PerpV2Market {
  /** Default: `perp-v2-` and the chain's id. */
  readonly id?: string;
}

/**
 * An account of Perp v2 as positions: the perpetual with its margin and pending funding, and each collateral of another
 * token that lies in the vault, whose delta is easily forgotten.
 *
 * A maker's delta bends with the price, which a perpetual cannot say: it is *unknown*, as is a collateral that the
 * configuration does not list. Positions in other markets of the deployment are not read; margin is counted here. One
 * request. When the chain cannot be read the positions are *unknown*; `read` throws only when it is aborted.
 *
 * @example
 * ```ts
 * const source = perpV2Positions({ ...market, collaterals: [{ token: weth, deltaPerUnit: '1', valuePerUnit: '0' }] })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function perpV2Positions(options: PerpV2PositionsOptions): PositionSource {
  const { chain } = options;
  const source = { id: options.id ?? `perp-v2-${chain.id}`, name: `Perp v2 account on ${chain.name}`, chain };
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      const account = await readPerpV2Account(options, owner, signal);
      const readings = deepFreeze(readingsOf(source, options, owner, account));
      lastSeen.set(owner, readings);
      return readings;
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

type Source = Pick<PositionSource, 'id' | 'name'>;

function readingsOf(
  source: Source,
  market: PerpV2Market,
  owner: Address,
  account: PerpV2Account,
): readonly PositionReading[] {
  const asOf = { ...account.asOf, source: source.id };
  const unlisted = account.unlisted.map((token) =>
    unknownReading(
      positionId(source.id, owner, token),
      `collateral ${token} in ${source.name}`,
      'the configuration does not say what this collateral is worth',
      asOf,
    ),
  );
  return [
    ...perpetual(source, market, owner, account, asOf),
    ...account.collaterals.map((collateral) => holding(source, owner, collateral, asOf)),
    ...unlisted,
  ];
}

function perpetual(
  source: Source,
  { baseToken }: PerpV2Market,
  owner: Address,
  account: PerpV2Account,
  asOf: PositionReading['asOf'],
): readonly PositionReading[] {
  const { isMaker, markPrice, openNotional, pendingFunding, settledMargin, sizeUnits } = account;
  const size = new Decimal(sizeUnits);
  if (!isMaker && [sizeUnits, settledMargin, pendingFunding].every((value) => new Decimal(value).isZero())) return [];
  const id = positionId(source.id, owner, baseToken.address);
  const label = `${sizeUnits} ${baseToken.symbol} in ${source.name}`;
  if (isMaker) return [unknownReading(id, label, 'it provides liquidity, and its size changes with the price', asOf)];
  return [
    {
      status: 'known',
      id,
      label,
      position: {
        kind: 'perpetual',
        sizeUnits,
        // Without a position any price says the same.
        entryPrice: size.isZero() ? markPrice : new Decimal(openNotional).dividedBy(size).negated().toFixed(),
        accruedFunding: pendingFunding,
        collateral: { amountUnits: settledMargin, deltaPerUnit: '0', valuePerUnit: '1' },
      },
      asOf,
    },
  ];
}

function holding(
  source: Source,
  owner: Address,
  { atoms, deltaPerUnit, token, valuePerUnit }: PerpV2HeldCollateral,
  asOf: PositionReading['asOf'],
): PositionReading {
  return {
    status: 'known',
    id: positionId(source.id, owner, token.address),
    label: `${token.symbol} as collateral in ${source.name}`,
    position: { kind: 'holding', amount: { token, atoms }, deltaPerUnit, valuePerUnit },
    asOf,
  };
}
