import { EvenkeelError } from '@evenkeel/intents';

/** A book whose description breaks its schema. Code `OPTION_BOOK_INVALID`. */
export class OptionBookInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string) {
    super('OPTION_BOOK_INVALID', `Option book: ${field} ${problem}.`, {
      field,
      value,
      hint: 'Compare it with the documentation of optionBook().',
    });
  }
}

/** A number whose key does not say its unit: 0.7 and 70 are both "volatility". Code `CONFIG_UNIT_MISSING`. */
export class ConfigUnitMissingError extends EvenkeelError {
  constructor(field: string, value: unknown, instead: readonly string[]) {
    super('CONFIG_UNIT_MISSING', `Option book: ${field} does not say its unit.`, {
      field,
      value,
      hint: `Write ${instead.join(' or ')} instead.`,
      details: { instead },
    });
  }
}
