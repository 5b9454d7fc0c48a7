import { EvenkeelError } from '@evenkeel/intents';

/** The collateral would not carry the debt. Code `AAVE_COLLATERAL_SHORT`. */
export class AaveCollateralShortError extends EvenkeelError {
  constructor(adapter: string, reason: string) {
    super('AAVE_COLLATERAL_SHORT', `${adapter}: the collateral of the account would not carry the debt.`, {
      hint: 'Raise the health factor that is kept, supply more, or ask for less.',
      details: { adapter, reason },
    });
  }
}

/** A cap of the market is reached, or it has less to lend than is wanted. Code `AAVE_CAPACITY_SHORT`. */
export class AaveCapacityShortError extends EvenkeelError {
  constructor(adapter: string, reason: string) {
    super('AAVE_CAPACITY_SHORT', `${adapter}: the market has no room for this: ${reason}.`, {
      field: 'request.units',
      hint: 'Ask for less, or wait until others have repaid.',
      retryable: true,
      details: { adapter, reason },
    });
  }
}

/** The reserve is paused, frozen, or not to be borrowed. Code `AAVE_RESERVE_CLOSED`. */
export class AaveReserveClosedError extends EvenkeelError {
  constructor(adapter: string, reason: string) {
    super('AAVE_RESERVE_CLOSED', `${adapter}: the reserve takes no such order: ${reason}.`, {
      hint: 'Use another instrument; what is open can be repaid unless the reserve is paused.',
      retryable: true,
      details: { adapter, reason },
    });
  }
}

/** More is bought back than is owed. Code `AAVE_NOTHING_OWED`. */
export class AaveNothingOwedError extends EvenkeelError {
  constructor(adapter: string, units: string, owed: string) {
    super('AAVE_NOTHING_OWED', `${adapter}: ${units} are to be repaid, but ${owed} are owed.`, {
      field: 'request.units',
      value: units,
      hint: 'Repay what is owed, and buy the rest as spot.',
      details: { adapter, owed },
    });
  }
}

/** An account holds or owes something whose margin is not known. Code `AAVE_MARGIN_UNKNOWN`. */
export class AaveMarginUnknownError extends EvenkeelError {
  constructor(reason: string) {
    super('AAVE_MARGIN_UNKNOWN', `The margin of the account on Aave v3 is not known: ${reason}.`, {
      hint: 'List all of its assets in the configuration, and the pool that the market has now.',
      details: { reason },
    });
  }
}
