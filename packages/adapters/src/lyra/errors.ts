import { EvenkeelError } from '@evenkeel/intents';

/** The owner holds no such option. Code `LYRA_POSITION_UNKNOWN`. */
export class LyraPositionUnknownError extends EvenkeelError {
  constructor(positionId: bigint, held: readonly bigint[]) {
    super('LYRA_POSITION_UNKNOWN', `Position ${positionId} of Lyra is not held by this account.`, {
      field: 'positionId',
      value: positionId.toString(),
      hint: held.length === 0 ? 'There is nothing to close.' : `Ask for one of ${held.join(', ')}.`,
    });
  }
}

/** An option that can be traded is not force-closed, which costs more. Code `LYRA_FORCE_CLOSE_REFUSED`. */
export class LyraForceCloseRefusedError extends EvenkeelError {
  constructor(positionId: bigint, reason: string) {
    super('LYRA_FORCE_CLOSE_REFUSED', `Lyra does not force-close position ${positionId}: ${reason}.`, {
      field: 'positionId',
      value: positionId.toString(),
      hint: 'Trade it in the ordinary way, or wait until its board is over and settle it.',
      details: { reason },
    });
  }
}

/** The option's delta is outside what the venue trades. Code `LYRA_DELTA_OUT_OF_RANGE`. */
export class LyraDeltaOutOfRangeError extends EvenkeelError {
  constructor(adapter: string, instrument: string, details: Readonly<Record<string, unknown>>) {
    super('LYRA_DELTA_OUT_OF_RANGE', `${adapter} does not trade ${instrument} now: its delta is too near 0 or 1.`, {
      field: 'request.instrument',
      value: instrument,
      hint: 'Take a strike nearer to the spot, or wait until the spot has come back.',
      retryable: true,
      details: { adapter, ...details },
    });
  }
}

/** The board is frozen, in its last hours, expired or settled. Code `LYRA_BOARD_CLOSED`. */
export class LyraBoardClosedError extends EvenkeelError {
  constructor(adapter: string, instrument: string, reason: string) {
    super('LYRA_BOARD_CLOSED', `${adapter}: the board of ${instrument} takes no trades: ${reason}.`, {
      field: 'request.instrument',
      value: instrument,
      hint: 'Take an option of another board; what is held on this one is settled at its expiry.',
      details: { adapter, reason },
    });
  }
}

/** The venue's liquidity pool cannot take the other side. Code `LYRA_POOL_SHORT`. */
export class LyraPoolShortError extends EvenkeelError {
  constructor(adapter: string, units: string, reason: string) {
    super('LYRA_POOL_SHORT', `${adapter}: the liquidity pool cannot take the other side of ${units} options.`, {
      field: 'request.units',
      value: units,
      hint: 'Ask for less, or wait until the pool has been given more.',
      retryable: true,
      details: { adapter, reason },
    });
  }
}

/** A written option would have less collateral than the venue wants. Code `LYRA_COLLATERAL_SHORT`. */
export class LyraCollateralShortError extends EvenkeelError {
  constructor(adapter: string, reason: string) {
    super('LYRA_COLLATERAL_SHORT', `${adapter}: the collateral would not carry the written options.`, {
      field: 'collateralFactor',
      hint: 'Raise the collateral factor, or ask for less.',
      details: { adapter, reason },
    });
  }
}

/** The trade would take the volatility outside the venue's bounds. Code `LYRA_VOLATILITY_LIMIT`. */
export class LyraVolatilityLimitError extends EvenkeelError {
  constructor(adapter: string, units: string, reason: string) {
    super('LYRA_VOLATILITY_LIMIT', `${adapter}: ${units} options would move the volatility outside its bounds.`, {
      field: 'request.units',
      value: units,
      hint: 'Ask for less, or for another strike.',
      details: { adapter, reason },
    });
  }
}

/** The price feed below the market gives no valid price. Code `LYRA_FEED_HALTED`. */
export class LyraFeedHaltedError extends EvenkeelError {
  constructor(adapter: string, instrument: string) {
    super('LYRA_FEED_HALTED', `${adapter}: the price feed gives no price, and ${instrument} cannot be traded.`, {
      field: 'request.instrument',
      value: instrument,
      hint: 'Hedge with another instrument until the feed speaks again.',
      retryable: true,
      details: { adapter },
    });
  }
}
