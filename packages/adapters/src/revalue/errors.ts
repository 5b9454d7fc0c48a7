import { EvenkeelError } from '@evenkeel/intents';

/** A bumped price that the view did not notice: its delta is not zero, nobody knows it. Code `VIEW_UNMOVED`. */
export class ViewUnmovedError extends EvenkeelError {
  constructor(view: string, value: bigint) {
    super('VIEW_UNMOVED', `${view} says ${value} at every price: it does not see the bump.`, {
      hint: 'Bump the feed that the view reads, and check by what it reads it.',
      details: { view, value: value.toString() },
    });
  }
}

/** The override did not make the price what it should be. Code `OVERRIDE_INEFFECTIVE`. */
export class OverrideIneffectiveError extends EvenkeelError {
  constructor(expected: number, got: number) {
    super('OVERRIDE_INEFFECTIVE', `The price reads ${got} where the override makes it ${expected}.`, {
      hint: 'Correct the slot, the bits or the address that are overridden; the price must be read through them.',
      details: { expected, got },
    });
  }
}

/** The node answered the parts of one measurement on different blocks, twice. Code `MEASUREMENT_TORN`. */
export class MeasurementTornError extends EvenkeelError {
  constructor(blocks: readonly string[]) {
    super('MEASUREMENT_TORN', `The bumped values were read on ${new Set(blocks).size} different blocks.`, {
      retryable: true,
      hint: 'Read again, or use one node instead of several that are not in step.',
      details: { blocks },
    });
  }
}

/** A view that reverts, or answers something else than a number. Code `VIEW_UNREADABLE`. */
export class ViewUnreadableError extends EvenkeelError {
  constructor(view: string, problem: string) {
    super('VIEW_UNREADABLE', `${view} ${problem}.`, {
      hint: 'Check its address, its signature and its arguments.',
      details: { view, problem },
    });
  }
}
