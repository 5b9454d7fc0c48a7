import { Decimal, type LogEntry, sameAddress, type TradeFill, type TradeMeasure } from '@evenkeel/core';
import { eventIn, wadSum } from '../instruments/measure.js';
import { marketAbi } from './abi.js';
import type { SynthetixPerpsMarket } from './market.js';

/** What the market tells of an owner's trades: size, price and fee. Funding that it settles with them it does not tell. */
export function measureSynthetixTrade(
  { market }: SynthetixPerpsMarket,
  { owner }: Pick<TradeFill, 'owner'>,
  logs: readonly LogEntry[],
): TradeMeasure {
  const trades = logs
    .filter(({ address }) => sameAddress(address, market))
    .flatMap((log) => eventIn(marketAbi, log) ?? [])
    .filter(({ args, name }) => name === 'PositionModified' && sameAddress(args['account'] as typeof owner, owner))
    .map(({ args }) => args as unknown as Readonly<Record<'fee' | 'lastPrice' | 'tradeSize', bigint>>);
  const proceeds = trades.reduce(
    (sum, { lastPrice, tradeSize }) => sum.minus(new Decimal(tradeSize.toString()).times(lastPrice.toString())),
    new Decimal(0),
  );
  return Object.freeze({
    units: wadSum(trades.map(({ tradeSize }) => tradeSize)),
    proceeds: proceeds.shiftedBy(-36).toFixed(),
    fees: wadSum(trades.map(({ fee }) => fee)),
    funding: '0',
  });
}
