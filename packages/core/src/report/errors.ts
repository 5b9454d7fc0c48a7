import { EvenkeelError } from '@evenkeel/intents';

/** A flow that cannot be what it says. Code `FLOW_INVALID`. */
export class FlowInvalidError extends EvenkeelError {
  constructor(id: string, problem: string, value?: unknown) {
    super('FLOW_INVALID', `Flow ${id} ${problem}.`, {
      field: 'flows',
      value: value ?? id,
      hint: 'Record each flow once, with the sign of its effect on the balance.',
    });
  }
}

/** A balance that was not read where money moved: it is unknown, not zero. Code `BALANCE_MISSING`. */
export class BalanceMissingError extends EvenkeelError {
  constructor(which: 'opening' | 'closing', token: string) {
    super('BALANCE_MISSING', `There is no ${which} balance of ${token}, though it is in the books.`, {
      field: which,
      value: token,
      hint: 'Read the balance of every token that a flow touches, before and after.',
    });
  }
}

/** A token without a stated price: its cost cannot be told. Code `PRICE_MISSING`. */
export class PriceMissingError extends EvenkeelError {
  constructor(token: string) {
    super('PRICE_MISSING', `There is no price for ${token}.`, {
      field: 'prices',
      value: token,
      hint: 'State a price in numeraire for every token that was spent or received, native coins included.',
    });
  }
}

/** Numbers of which no implementation shortfall can be told. Code `SHORTFALL_INPUT_INVALID`. */
export class ShortfallInputInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('SHORTFALL_INPUT_INVALID', `Implementation shortfall: ${field} ${problem}.`, { field, value, hint });
  }
}
