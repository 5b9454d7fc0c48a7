import { EvenkeelError } from '@evenkeel/intents';

/** The router cannot make this hop: another venue, another bridge, a pool that is none. Code `ROUTER_HOP_UNSUPPORTED`. */
export class RouterHopUnsupportedError extends EvenkeelError {
  constructor(index: number, value: unknown, problem: string) {
    super('ROUTER_HOP_UNSUPPORTED', `Hop ${index} cannot go through the Universal Router: ${problem}.`, {
      field: `bundle.hops.${index}`,
      value,
      hint: 'Plan this hop as a step of its own.',
    });
  }
}

/** Hops, parties or amounts that do not make one transaction. Code `ROUTER_BUNDLE_INVALID`. */
export class RouterBundleInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('ROUTER_BUNDLE_INVALID', `${field} ${problem}.`, { field, value, hint });
  }
}

/** A permit for something else than what the bundle draws. Code `ROUTER_PERMIT_MISMATCH`. */
export class RouterPermitMismatchError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string) {
    super('ROUTER_PERMIT_MISMATCH', `${field} ${problem}.`, {
      field,
      value,
      hint: 'Sign the permit that permitOf gives for this very bundle.',
    });
  }
}
