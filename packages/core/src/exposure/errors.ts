import { EvenkeelError } from '@evenkeel/intents';

/** A position that cannot exist (an empty tick range, a price of zero). Code `POSITION_INVALID`. */
export class PositionInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string) {
    super('POSITION_INVALID', `Position field ${field} ${problem}.`, {
      field,
      value,
      hint: 'Correct what the source reads, or take it out of the configuration.',
    });
  }
}

/** What every switch over kinds of positions ends in: sources are strangers, and may speak of kinds to come. */
export function unknownKind(position: never): never {
  throw new PositionInvalidError('kind', (position as { kind?: unknown }).kind, 'is not a kind that is known here');
}

/** An option at or after its expiry has no greeks: its settlement decides. Code `POSITION_EXPIRED`. */
export class PositionExpiredError extends EvenkeelError {
  constructor(expirySeconds: number, nowSeconds: number) {
    super('POSITION_EXPIRED', `The option expired at ${expirySeconds}, which is not after ${nowSeconds}.`, {
      field: 'expirySeconds',
      value: expirySeconds,
      hint: 'Settle it, or remove it from the book.',
      details: { nowSeconds },
    });
  }
}

/** No position was read at all: an empty answer is not a hedged book. Code `EXPOSURE_EMPTY`. */
export class ExposureEmptyError extends EvenkeelError {
  constructor() {
    super('EXPOSURE_EMPTY', 'No position source answered with a position.', {
      retryable: true,
      field: 'readings',
      hint: 'Configure a position source; one that fails must answer `unknown`.',
    });
  }
}

/** A spot far from the last one that no other source confirms. Code `SPOT_JUMP`. */
export class SpotJumpError extends EvenkeelError {
  constructor(underlying: string, spot: number, previous: number, maxFactor: number) {
    super(
      'SPOT_JUMP',
      `${underlying} at ${spot} is more than ${maxFactor} times away from ${previous}, the last spot.`,
      {
        retryable: true,
        field: 'spot',
        value: spot,
        hint: 'Confirm it by a second source, or mend the feed.',
        details: { underlying, previous, maxFactor },
      },
    );
  }
}
