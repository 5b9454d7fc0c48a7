import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';

/** A route problem whose state is impossible: zero or absurd reserves, unsorted ticks. Code `ROUTE_POOL_INVALID`. */
export class RoutePoolInvalidError extends EvenkeelError {
  constructor(poolId: string, problem: string, hint: string, options: EvenkeelErrorOptions = {}) {
    super('ROUTE_POOL_INVALID', `Pool ${poolId} ${problem}.`, { ...options, hint, value: poolId });
  }
}

/** Two pools or bridges share one id. Code `ROUTE_DUPLICATE`. */
export class RouteDuplicateError extends EvenkeelError {
  constructor(field: string, id: string) {
    super('ROUTE_DUPLICATE', `${field}: ${id} is listed twice.`, {
      field,
      value: id,
      hint: 'List each source of liquidity once.',
    });
  }
}

/** No chain of pools and bridges leads from what is held to what is wanted. Code `ROUTE_DISCONNECTED`. */
export class RouteDisconnectedError extends EvenkeelError {
  constructor(from: string, to: string) {
    super('ROUTE_DISCONNECTED', `No pool or bridge leads from ${from} to ${to}.`, {
      hint: 'Add a venue for the pair, or a bridge to a chain that has one.',
      details: { from, to },
    });
  }
}

/** The inventories and the liquidity cannot serve the whole demand. Code `ROUTE_INFEASIBLE`. */
export class RouteInfeasibleError extends EvenkeelError {
  constructor(message: string, hint: string, options: EvenkeelErrorOptions = {}) {
    super('ROUTE_INFEASIBLE', message, { ...options, hint });
  }
}

/** The exact replay found a pool that answers otherwise than its own curve says. Code `ROUTE_REPLAY_FAILED`. */
export class RouteReplayError extends EvenkeelError {
  constructor(message: string, hint: string, options: EvenkeelErrorOptions = {}) {
    super('ROUTE_REPLAY_FAILED', message, { ...options, hint });
  }
}
