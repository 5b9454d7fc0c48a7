import { EvenkeelError } from '@evenkeel/intents';

/** The margin in the market does not carry the trade. Code `SYNTHETIX_MARGIN_TOO_LOW`. */
export class SynthetixMarginTooLowError extends EvenkeelError {
  constructor(adapter: string, reason: string) {
    super('SYNTHETIX_MARGIN_TOO_LOW', `${adapter}: the margin in the market does not carry the trade: ${reason}.`, {
      field: 'request.units',
      hint: 'Transfer more margin into the market, or ask for less.',
      details: { adapter, reason },
    });
  }
}

/** The market has no price to trade at, or is suspended. Code `SYNTHETIX_MARKET_CLOSED`. */
export class SynthetixMarketClosedError extends EvenkeelError {
  constructor(adapter: string, reason: string) {
    super('SYNTHETIX_MARKET_CLOSED', `${adapter}: the market does not trade now: ${reason}.`, {
      retryable: true,
      hint: 'Wait until its feed has been updated, or use another instrument.',
      details: { adapter, reason },
    });
  }
}
