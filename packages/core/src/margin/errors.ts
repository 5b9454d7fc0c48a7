import { EvenkeelError } from '@evenkeel/intents';

/** A step would leave an account beyond its limits. Code `MARGIN_LIMIT`. */
export class MarginLimitError extends EvenkeelError {
  constructor(step: string, limit: 'distance' | 'leverage', is: number, allowed: number) {
    const rule = limit === 'leverage' ? `at most ${allowed}` : `at least ${allowed}`;
    super('MARGIN_LIMIT', `Margin: after "${step}" the ${limit} is ${is.toPrecision(4)}, and ${rule} is allowed.`, {
      field: limit,
      value: is,
      hint: 'Add margin first (planTopUp), trade less, or reduce the position (planReduction).',
      details: { step, limit, is, allowed },
    });
  }
}

/** Not even closing all of a position brings an account within its limits. Code `MARGIN_UNREACHABLE`. */
export class MarginUnreachableError extends EvenkeelError {
  constructor(details: Readonly<Record<string, unknown>>) {
    super('MARGIN_UNREACHABLE', 'Margin: no reduction of the position brings the account within its limits.', {
      hint: 'Add margin (planTopUp); what else the account holds moves with the spot as well.',
      details,
    });
  }
}
