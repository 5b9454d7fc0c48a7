import { type Address, type DecimalString, fromAtoms, toAtoms, type TradeQuote } from '@evenkeel/core';
import type { PerpetualMargin } from '@evenkeel/core/margin';
import * as v from 'valibot';
import { contractRead, readContracts } from '../common/read.js';
import { marketAbi } from './abi.js';
import { type SynthetixPerpsAccount, valueRead } from './account.js';
import { SynthetixMarketClosedError } from './errors.js';
import type { SynthetixPerpsMarket } from './market.js';

const WAD = { decimals: 18 } as const;
/** Filled at once, at the feed's price with the premium. */
const ATOMIC_ORDER = 0n;
const uint = v.bigint();
const tradeOutput = v.tuple([uint, uint, uint, uint, uint, uint]);

/**
 * An account of PerpsV2 as margin: what `@evenkeel/core/margin` plans with. The share that the venue wants to be there
 * (buffer, fees and premium of a liquidation) is worked back from its own liquidation price.
 *
 * @throws {SynthetixMarketClosedError} where the venue has no price, and so nobody knows how far it is
 * @example
 * ```ts
 * const account = perpetualMargin(synthetixMargin(await readSynthetixPerpsAccount(market, owner, signal)))
 * const { distance } = marginState(account)
 * ```
 */
export function synthetixMargin(account: SynthetixPerpsAccount): PerpetualMargin {
  const { accruedFunding, isPriceInvalid, lastPrice, liquidationPrice, margin, price, sizeUnits } = account;
  if (isPriceInvalid) throw new SynthetixMarketClosedError('synthetix-perps', 'its feed gives no price to go by');
  return marginOf(price, {
    sizeUnits: Number(sizeUnits),
    lastPrice: Number(lastPrice),
    margin: Number(margin) + Number(accruedFunding),
    liquidationPrice: Number(liquidationPrice),
  });
}

/**
 * The same as a trade leaves it, as the market says it would be.
 *
 * @throws {SynthetixMarketClosedError}, {ContractUnreadableError} and what the chain throws
 * @example
 * ```ts
 * const after = await synthetixMarginAfter(market, quote, owner, signal)
 * requireMargin([{ step: 'the trade', account: perpetualMargin(after) }], limits)
 * ```
 */
export async function synthetixMarginAfter(
  market: SynthetixPerpsMarket,
  { units }: Pick<TradeQuote, 'units'>,
  owner: Address,
  signal: AbortSignal,
): Promise<PerpetualMargin> {
  const { values } = await readContracts(market.chain, [valueRead(market, 'assetPrice')], signal);
  const [[feed, isInvalid]] = values;
  if (isInvalid) throw new SynthetixMarketClosedError('synthetix-perps', 'its feed gives no price to go by');
  const args = [toAtoms({ ...WAD, symbol: market.symbol }, units), feed, ATOMIC_ORDER, owner];
  const trade = contractRead(marketAbi, market.market, 'postTradeDetails', args, tradeOutput);
  const [[margin, size, last, liquidation]] = (await readContracts(market.chain, [trade], signal)).values;
  const say = (atoms: bigint): number => Number(fromAtoms(WAD, atoms));
  return marginOf(fromAtoms(WAD, feed), {
    sizeUnits: say(size),
    lastPrice: say(last),
    margin: say(margin),
    liquidationPrice: say(liquidation),
  });
}

function marginOf(
  price: DecimalString,
  {
    lastPrice,
    liquidationPrice,
    margin,
    sizeUnits,
  }: {
    readonly sizeUnits: number;
    readonly lastPrice: number;
    /** With the funding that has come up. */
    readonly margin: number;
    /** Zero where there is none. */
    readonly liquidationPrice: number;
  },
): PerpetualMargin {
  const openNotional = sizeUnits === 0 ? 0 : -sizeUnits * lastPrice;
  const left = margin + openNotional + sizeUnits * liquidationPrice;
  return Object.freeze({
    spot: Number(price),
    sizeUnits,
    openNotional,
    margin,
    weightedUnits: 0,
    weightedDollars: 0,
    collateralValue: 0,
    maintenanceRatio:
      sizeUnits === 0 || liquidationPrice === 0 ? 0 : Math.max(0, left / (Math.abs(sizeUnits) * liquidationPrice)),
  });
}
