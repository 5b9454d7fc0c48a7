import { EvenkeelError } from '@evenkeel/intents';
import type { LimitLevel } from './limits.js';
import type { Stop } from './stops.js';
import { EVERYWHERE } from './stops.js';

/** A trade would break a limit. Code `LIMIT_REACHED`. */
export class LimitReachedError extends EvenkeelError {
  constructor(portfolio: string, whose: 'portfolio' | 'total', { kind, most, used }: LimitLevel) {
    const where = whose === 'total' ? 'of all portfolios' : `of ${portfolio}`;
    super(
      'LIMIT_REACHED',
      `The ${kind} limit ${where} is ${short(most)}; with this trade it would be ${short(used)}.`,
      {
        field: whose === 'total' ? `totalLimits` : `portfolios.${portfolio}.dayLimits`,
        value: used,
        hint: 'Wait until trades of the last 24 hours leave the window, or raise the limit.',
        details: { portfolio, whose, kind, used, most },
        retryable: true,
      },
    );
  }
}

/** Somebody, or a limit, has stopped trading. Code `TRADING_STOPPED`. */
export class TradingStoppedError extends EvenkeelError {
  constructor(portfolio: string, { kind, reason, scope }: Stop) {
    const where = scope === EVERYWHERE ? 'All portfolios are' : `${scope} is`;
    super('TRADING_STOPPED', `${where} ${kind}: ${reason}`, {
      field: 'portfolio',
      value: portfolio,
      hint: 'Resume by hand when the reason is gone.',
      details: { kind, scope },
      retryable: true,
    });
  }
}

/** What all agents on an engine have used together is not known now. Code `SHARED_LIMITS_UNREACHABLE`. */
export class SharedLimitsUnreachableError extends EvenkeelError {
  constructor(cause: unknown) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super('SHARED_LIMITS_UNREACHABLE', `The limits that the agents share can't be read or written: ${message}`, {
      field: 'engine',
      hint: 'Check that the database runs; until then nothing new is begun here.',
      cause,
      retryable: true,
    });
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
