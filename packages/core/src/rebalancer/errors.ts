import { EvenkeelError } from '@evenkeel/intents';
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
  constructor(sentence: string, disagreementBps: number | null, limitBps: number) {
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

/** A chain has made no block for longer than the portfolio's limit. Code `CHAIN_HALTED`. */
export class ChainHaltedError extends EvenkeelError {
  constructor(name: string, block: number, ageSeconds: number) {
    super('CHAIN_HALTED', `${name} stands still: its latest block ${block} is ${ageSeconds} s old.`, {
      field: 'limits.maxBlockAgeSeconds',
      value: ageSeconds,
      hint: 'Wait until the chain goes on, or raise the limit where its blocks are rare.',
      retryable: true,
    });
  }
}

/** A programme of an earlier rebalancing has not come to its end. Code `PROGRAMME_OPEN`. */
export class ProgrammeOpenError extends EvenkeelError {
  constructor(name: string, intentId: string, slice: number) {
    super('PROGRAMME_OPEN', `Slice ${slice} of intent ${intentId} of ${name} is still under way in the journal.`, {
      field: 'journal',
      value: intentId,
      hint: 'Call resume() first; a second programme must not be put beside the first.',
      retryable: true,
    });
  }
}

/** What a slice would cost now is more than the signed intent allows. Code `COST_ABOVE_INTENT`. */
export class CostAboveIntentError extends EvenkeelError {
  constructor(costBps: number, maxCostBps: number) {
    const sentence = `The best route costs ${costBps.toFixed(1)} bps now; the signed intent allows ${maxCostBps} bps.`;
    super('COST_ABOVE_INTENT', sentence, {
      field: 'limits.maxCostBps',
      value: costBps,
      hint: 'Wait for a better market, or decide anew with a higher limit.',
      retryable: true,
    });
  }
}
