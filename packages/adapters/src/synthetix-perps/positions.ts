import type { Address, PositionReading, PositionSource } from '@evenkeel/core';
import { deepFreeze } from '../common/freeze.js';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import { readSynthetixPerpsAccount, type SynthetixPerpsAccount } from './account.js';
import type { SynthetixPerpsMarket } from './market.js';

export interface SynthetixPerpsPositionsOptions extends SynthetixPerpsMarket {
  /** Default: `synthetix-perps-` and the chain's id. */
  readonly id?: string;
}

/**
 * An account of Synthetix PerpsV2 as a position: the perpetual with its margin and the funding that has come up. Of a
 * delayed order nothing is known here: it is no position before it is executed.
 *
 * One whose liquidation has been announced, and one that the venue has no price for, are *unknown*. When the chain cannot be
 * read the position is *unknown*; `read` throws only when it is aborted.
 *
 * @example
 * ```ts
 * const source = synthetixPerpsPositions({ chain, market, symbol: 'sETH', marginToken: sUSD })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function synthetixPerpsPositions(options: SynthetixPerpsPositionsOptions): PositionSource {
  const { chain } = options;
  const name = `Synthetix PerpsV2 account on ${chain.name}`;
  const source = { id: options.id ?? `synthetix-perps-${chain.id}`, name, chain };
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      const account = await readSynthetixPerpsAccount(options, owner, signal);
      const readings = deepFreeze(readingsOf(source, options, owner, account));
      lastSeen.set(owner, readings);
      return readings;
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name, read });
}

function readingsOf(
  source: Pick<PositionSource, 'id' | 'name'>,
  { market, symbol }: SynthetixPerpsMarket,
  owner: Address,
  account: SynthetixPerpsAccount,
): readonly PositionReading[] {
  const { accruedFunding, isFlagged, isPriceInvalid, lastPrice, margin, price, sizeUnits } = account;
  const isFlat = Number(sizeUnits) === 0;
  if (isFlat && Number(margin) === 0) return [];
  const asOf = { ...account.asOf, source: source.id };
  const id = positionId(source.id, owner, market);
  const label = `${sizeUnits} ${symbol} in ${source.name}`;
  if (isFlagged) return [unknownReading(id, label, 'its liquidation has been announced', asOf)];
  if (isPriceInvalid && !isFlat) return [unknownReading(id, label, 'the venue has no price for it', asOf)];
  return [
    {
      status: 'known',
      id,
      label,
      position: {
        kind: 'perpetual',
        sizeUnits,
        // Without a position any price says the same.
        entryPrice: isFlat ? price : lastPrice,
        accruedFunding,
        collateral: { amountUnits: margin, deltaPerUnit: '0', valuePerUnit: '1' },
      },
      asOf,
    },
  ];
}
