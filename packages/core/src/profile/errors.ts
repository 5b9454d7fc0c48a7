import { EvenkeelError } from '@evenkeel/intents';

/** A number or field of a profile problem that cannot be used. Code `PROFILE_INPUT_INVALID`. */
export class ProfileInputInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('PROFILE_INPUT_INVALID', `Profile problem: ${field} ${problem}.`, { field, value, hint });
  }
}

/** A cost curve whose samples cannot lie on a convex curve. Code `PROFILE_CURVE_NOT_CONVEX`. */
export class ProfileCurveNotConvexError extends EvenkeelError {
  constructor(field: string, value: unknown, excessPercent: number) {
    super('PROFILE_CURVE_NOT_CONVEX', `Profile problem: ${field} costs ${excessPercent.toPrecision(3)} % too much.`, {
      field,
      value,
      hint: 'Marginal cost must not fall with size: give what the best way of trading costs, at each size, fixed part included.',
      details: { excessPercent },
    });
  }
}

/** A band whose low end lies above its high end. Code `PROFILE_BAND_EMPTY`. */
export class ProfileBandEmptyError extends EvenkeelError {
  constructor(field: string, value: unknown) {
    super('PROFILE_BAND_EMPTY', `Profile problem: ${field} holds no number.`, {
      field,
      value,
      hint: 'Set low to at most high; the two may be equal.',
    });
  }
}

/** A weight below zero, which would reward distance. Code `PROFILE_WEIGHT_NEGATIVE`. */
export class ProfileWeightNegativeError extends EvenkeelError {
  constructor(field: string, value: unknown) {
    super('PROFILE_WEIGHT_NEGATIVE', `Profile problem: ${field} is below zero.`, {
      field,
      value,
      hint: 'Give a weight above 0, or leave the greek out to ignore it.',
    });
  }
}

/** Two instruments of one id. Code `PROFILE_INSTRUMENT_DUPLICATE`. */
export class ProfileInstrumentDuplicateError extends EvenkeelError {
  constructor(field: string, id: string) {
    super('PROFILE_INSTRUMENT_DUPLICATE', `Profile problem: the instrument "${id}" is there twice.`, {
      field,
      value: id,
      hint: 'Give every instrument an id of its own; both sides of one instrument belong into one entry.',
    });
  }
}

/** An exposure without bounds, against which nothing can be traded. Code `PROFILE_EXPOSURE_UNKNOWN`. */
export class ProfileExposureUnknownError extends EvenkeelError {
  constructor(greek: string, ids: readonly string[]) {
    super('PROFILE_EXPOSURE_UNKNOWN', `The ${greek} of ${ids.join(', ')} is not known.`, {
      retryable: true,
      field: greek,
      value: ids,
      hint: 'Wait until its source can be read, say within which bounds it lies, or leave the greek out of the target.',
    });
  }
}
