import { EvenkeelError } from '@evenkeel/intents';

/** The adapter has no instrument of this name, or has it no longer. Code `INSTRUMENT_UNKNOWN`. */
export class InstrumentUnknownError extends EvenkeelError {
  constructor(adapter: string, instrument: string) {
    super('INSTRUMENT_UNKNOWN', `${adapter} does not trade ${instrument}.`, {
      field: 'request.instrument',
      value: instrument,
      hint: 'Ask for one that list() names; an option is gone once its board is settled.',
      details: { adapter },
    });
  }
}

/** The owner lacks what the trade takes of a token. Code `TRADE_UNFUNDED`. */
export class TradeUnfundedError extends EvenkeelError {
  constructor(adapter: string, token: string, needed: string, held: string) {
    super('TRADE_UNFUNDED', `${adapter}: the trade takes ${needed} ${token}, the owner has ${held}.`, {
      field: 'request.units',
      hint: 'Bring more to this account, or ask for less.',
      details: { adapter, token, needed, held },
    });
  }
}

/** No market takes the whole size. Code `TRADE_TOO_LARGE`. */
export class TradeTooLargeError extends EvenkeelError {
  constructor(adapter: string, units: string, why: string) {
    super('TRADE_TOO_LARGE', `${adapter} cannot trade ${units} units at once: ${why}.`, {
      field: 'request.units',
      value: units,
      hint: 'Ask for less, or split it.',
      details: { adapter, reason: why },
    });
  }
}

/** The contracts revert for a reason that has no class of its own. Code `TRADE_REVERTS`. */
export class TradeRevertsError extends EvenkeelError {
  constructor(adapter: string, step: string, reason: string) {
    super('TRADE_REVERTS', `${adapter}: "${step}" would fail with "${reason}".`, {
      hint: 'Look the reason up in the contracts of the venue; nothing was sent.',
      details: { adapter, step, reason },
    });
  }
}
