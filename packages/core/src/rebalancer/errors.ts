import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import { type Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { type Token, tokenKey } from '../model/token.js';

/** A token contract gave no balance. Code `BALANCE_UNREADABLE`. */
export class BalanceUnreadableError extends EvenkeelError {
  constructor(token: Token) {
    super('BALANCE_UNREADABLE', `The balance of ${token.symbol} on chain ${token.chainId} cannot be read.`, {
      field: 'token',
      value: tokenKey(token),
      hint: 'Check the address of the token; on a right one, try again.',
      retryable: true,
    });
  }
}

/** The market does not agree on a price. Code `PRICE_DISPUTED`. */
export class PriceDisputedError extends EvenkeelError {
  constructor(sentence: string, disagreementBps: number, limitBps: number) {
    super('PRICE_DISPUTED', sentence, {
      field: 'limits.maxDisagreementBps',
      value: limitBps,
      hint: 'Wait until the market agrees again, or raise the limit if the disagreement is real.',
      details: { disagreementBps },
      retryable: true,
    });
  }
}

/** The portfolio does not fit the parts it was given. Code `PORTFOLIO_INVALID`. */
export class PortfolioInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('PORTFOLIO_INVALID', `${field}: ${problem}.`, { field, value, hint });
  }
}

/** A rebalancing is under way already. Code `REBALANCER_BUSY`. */
export class RebalancerBusyError extends EvenkeelError {
  constructor(name: string) {
    super('REBALANCER_BUSY', `A rebalancing of ${name} is under way already.`, {
      field: 'portfolio',
      value: name,
      hint: 'Wait until it has ended; a second one would stack on the first.',
      retryable: true,
    });
  }
}

/** Transfers that a bridge's firm quote keeps moving away from. Code `ROUTE_UNSETTLED`. */
export class RouteUnsettledError extends EvenkeelError {
  constructor(attempts: number) {
    super('ROUTE_UNSETTLED', `After ${attempts} rounds the bridges' firm quotes still differ from their first ones.`, {
      field: 'bridges',
      value: attempts,
      hint: 'Try again later, or leave the bridge out.',
      retryable: true,
    });
  }
}

/** A requested change of delta: a plain decimal, not zero. @throws INVALID_INPUT */
export function checkRequestedChange(requested: DecimalString): Decimal {
  const change = parseDecimal(requested, 'deltaChangeUnits');
  if (!change.isZero()) return change;
  throw new InvalidInputError(
    'deltaChangeUnits',
    requested,
    'changes nothing',
    'Leave it out to let the policy decide.',
  );
}

/** A bridge's firm quote does not keep to what was asked. Code `FIRM_QUOTE_REFUSED`. */
export class FirmQuoteRefusedError extends EvenkeelError {
  constructor(adapter: string, sentence: string) {
    super('FIRM_QUOTE_REFUSED', `The firm quote of ${adapter} is refused: ${sentence}`, {
      field: 'bridges',
      value: adapter,
      hint: 'Try again; if it stays, leave the bridge out.',
      retryable: true,
    });
  }
}
