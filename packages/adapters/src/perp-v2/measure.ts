import { type Address, type LogEntry, sameAddress, type TradeFill, type TradeMeasure } from '@evenkeel/core';
import { eventIn, wadSum } from '../instruments/measure.js';
import { clearingHouseAbi } from './abi.js';
import type { PerpV2Market } from './market.js';

/** What the clearing house tells of an owner's trades on a market: size, money without the fee, fee, and funding. */
export function measurePerpTrade(
  { baseToken, clearingHouse }: PerpV2Market,
  { owner }: Pick<TradeFill, 'owner'>,
  logs: readonly LogEntry[],
): TradeMeasure {
  const events = logs
    .filter(({ address }) => sameAddress(address, clearingHouse))
    .flatMap((log) => eventIn(clearingHouseAbi, log) ?? [])
    .filter(({ args }) => {
      const [trader, base] = args as unknown as readonly [Address, Address];
      return sameAddress(trader, owner) && sameAddress(base, baseToken.address);
    });
  const sumOf = (event: string, field: string): string =>
    wadSum(events.filter(({ name }) => name === event).map(({ args }) => args[field] as bigint));
  return Object.freeze({
    units: sumOf('PositionChanged', 'exchangedPositionSize'),
    proceeds: sumOf('PositionChanged', 'exchangedPositionNotional'),
    fees: sumOf('PositionChanged', 'fee'),
    funding: sumOf('FundingPaymentSettled', 'fundingPayment'),
  });
}
