import { EvenkeelError } from '@evenkeel/intents';

/** The router knows no way to trade a size of the underlying itself. Code `NO_SPOT_ROUTE`. */
export class NoSpotRouteError extends EvenkeelError {
  constructor(units: string, maxUnits: number) {
    super('NO_SPOT_ROUTE', `Spot: the router knows a way for ${maxUnits} units at most, not for ${units}.`, {
      field: 'request.units',
      value: units,
      hint: 'Bring more to the account, or hedge with another instrument.',
      details: { maxUnits },
    });
  }
}

/** A fill for an instrument that trades positions, not tokens. Code `NOT_A_MARKET`. */
export class NotAMarketError extends EvenkeelError {
  constructor(adapter: string) {
    super('NOT_A_MARKET', `${adapter} trades positions: no route leads through it.`, {
      field: 'fill.pool.adapter',
      value: adapter,
      hint: 'Trade it as an instrument.',
    });
  }
}

/** A trade of one instrument that somebody asked for is refused. Code `TRADE_NOT_DECIDED`. */
export class TradeNotDecidedError extends EvenkeelError {
  constructor(adapter: string, chainId: number, reason: string) {
    super('TRADE_NOT_DECIDED', `${adapter} on chain ${chainId} is not traded: ${reason}.`, {
      field: 'order',
      value: adapter,
      hint: 'Ask for another instrument or size, or let the policy decide.',
      details: { adapter, chainId },
    });
  }
}

/** A part of a hedge was begun and did not come to its end. Code `PART_STOPPED`. */
export class PartStoppedError extends EvenkeelError {
  constructor(adapter: string, chainId: number, reason: string) {
    super('PART_STOPPED', `The part of the hedge by ${adapter} on chain ${chainId} stopped: ${reason}`, {
      field: 'order',
      value: adapter,
      hint: 'Look again: the exposure says what is left to do.',
      details: { adapter, chainId },
    });
  }
}

/** A bridge that was to bring margin gives no quote that holds. Code `MARGIN_BRIDGE_REFUSED`. */
export class MarginBridgeRefusedError extends EvenkeelError {
  constructor(bridge: string, reason: string) {
    super('MARGIN_BRIDGE_REFUSED', `${bridge} brings no margin: ${reason}`, {
      field: 'bridge',
      value: bridge,
      hint: 'Keep money beside the account, or name another bridge.',
      retryable: true,
    });
  }
}

/** A part of a cure for a margin cannot be carried out. Code `MARGIN_PART_REFUSED`. */
export class MarginPartRefusedError extends EvenkeelError {
  constructor(venue: string, reason: string) {
    super('MARGIN_PART_REFUSED', `The position at ${venue} is not made smaller: ${reason}.`, {
      field: 'venue',
      value: venue,
      hint: 'Keep more money beside the account, or take smaller lots.',
      retryable: true,
    });
  }
}
