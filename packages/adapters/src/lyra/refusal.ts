import type { Hex } from '@evenkeel/core';
import { Interface } from 'ethers';
import { TradeRevertsError, TradeUnfundedError } from '../instruments/errors.js';
import {
  LyraBoardClosedError,
  LyraCollateralShortError,
  LyraDeltaOutOfRangeError,
  LyraPoolShortError,
  LyraVolatilityLimitError,
} from './errors.js';

const VOLATILITIES = '(uint256 vol, uint256 baseIv, uint256 skew)';
const POSITION =
  '(uint256 positionId, uint256 strikeId, uint8 optionType, uint256 amount, uint256 collateral, uint8 state)';

/** Of market, pricer, pool and token: what a trade may be refused for. */
const errorsAbi: Interface = new Interface([
  'error BoardAlreadySettled(address thrower, uint256 boardId)',
  'error BoardExpired(address thrower, uint256 boardId, uint256 boardExpiry, uint256 currentTime)',
  'error BoardIsFrozen(address thrower, uint256 boardId)',
  'error TradingCutoffReached(address thrower, uint256 tradingCutoff, uint256 boardExpiry, uint256 currentTime)',
  'error TradeDeltaOutOfRange(address thrower, int256 strikeCallDelta, int256 minDelta, int256 maxDelta)',
  `error VolSkewOrBaseIvOutsideOfTradingBounds(address thrower, bool isBuy, ${VOLATILITIES} currentVol, ${VOLATILITIES} newVol, ${VOLATILITIES} tradeBounds)`,
  'error LockingMoreQuoteThanIsFree(address thrower, uint256 quoteToLock, uint256 freeLiquidity, (uint256 quote, uint256 base) lockedCollateral)',
  'error SendPremiumNotEnoughCollateral(address thrower, uint256 premium, uint256 reservedFee, uint256 freeLiquidity)',
  'error InsufficientFreeLiquidityForBaseExchange(address thrower, uint256 pendingBase, uint256 estimatedExchangeCost, uint256 freeLiquidity)',
  'error QuoteBaseExchangeExceedsLimit(address thrower, uint256 amountBaseRequested, uint256 quoteToSpend, uint256 quoteLimit, uint256 spotPrice, bytes32 quoteKey, bytes32 baseKey)',
  `error AdjustmentResultsInMinimumCollateralNotBeingMet(address thrower, ${POSITION} position, uint256 spotPrice)`,
  'error QuoteTransferFailed(address thrower, address from, address to, uint256 amount)',
  'error BaseTransferFailed(address thrower, address from, address to, uint256 amount)',
]);

/** The venue's reason as one of our errors. */
export function refusal(
  id: string,
  { instrument, step, units }: { readonly instrument: string; readonly step: string; readonly units: string },
  { data, error = 'no reason' }: { readonly data: Hex; readonly error?: string },
): Error {
  const found = errorsAbi.parseError(data);
  if (found === null) return unnamed(id, step, error);
  switch (found.name) {
    case 'TradeDeltaOutOfRange':
      return new LyraDeltaOutOfRangeError(id, instrument, { callDelta: String(found.args['strikeCallDelta']) });
    case 'BoardAlreadySettled':
    case 'BoardExpired':
    case 'BoardIsFrozen':
    case 'TradingCutoffReached':
      return new LyraBoardClosedError(id, instrument, found.name);
    case 'LockingMoreQuoteThanIsFree':
    case 'SendPremiumNotEnoughCollateral':
    case 'InsufficientFreeLiquidityForBaseExchange':
    case 'QuoteBaseExchangeExceedsLimit':
      return new LyraPoolShortError(id, units, found.name);
    case 'VolSkewOrBaseIvOutsideOfTradingBounds':
      return new LyraVolatilityLimitError(id, units, found.name);
    case 'AdjustmentResultsInMinimumCollateralNotBeingMet':
      return new LyraCollateralShortError(id, found.name);
    case 'QuoteTransferFailed':
    case 'BaseTransferFailed':
      return new TradeUnfundedError(id, found.name, String(found.args['amount']), 'less');
    default:
      return unnamed(id, step, error);
  }
}

function unnamed(id: string, step: string, error: string): Error {
  if (/exceeds balance|insufficient balance/i.test(error))
    return new TradeUnfundedError(id, 'collateral', 'more', 'less');
  return new TradeRevertsError(id, step, error);
}
