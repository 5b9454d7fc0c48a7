import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';
import { type Lane, tokenKey } from '@evenkeel/core';

/** The adapter does not move value between these two tokens. Code `LANE_UNSUPPORTED`. */
export class LaneUnsupportedError extends EvenkeelError {
  constructor(adapter: string, lane: Lane, why = 'is not among its lanes') {
    super('LANE_UNSUPPORTED', `${adapter}: ${tokenKey(lane.from)} → ${tokenKey(lane.to)} ${why}.`, {
      field: 'request.tokenOut',
      value: tokenKey(lane.to),
      hint: 'Ask for one of capabilities.lanes.',
      details: { adapter, from: tokenKey(lane.from), to: tokenKey(lane.to) },
    });
  }
}

/** More or less than what the lane can carry now; seen before anything is sent. Code `AMOUNT_OUTSIDE_LIMITS`. */
export class AmountOutsideLimitsError extends EvenkeelError {
  constructor(adapter: string, atoms: bigint, limits: { readonly min: bigint; readonly max: bigint; reason: string }) {
    const way =
      limits.max < limits.min || limits.max === 0n
        ? 'Wait, or use another bridge.'
        : `Ask for ${limits.min} to ${limits.max} atoms, or use another bridge.`;
    super('AMOUNT_OUTSIDE_LIMITS', `${adapter} cannot carry ${atoms} atoms now: ${limits.reason}.`, {
      field: 'request.input.atoms',
      value: atoms.toString(),
      hint: way,
      retryable: atoms > limits.max,
      details: { adapter, min: limits.min.toString(), max: limits.max.toString(), reason: limits.reason },
    });
  }
}

/** The transfer would arrive after the deadline that was asked for. Code `DEADLINE_UNREACHABLE`. */
export class DeadlineUnreachableError extends EvenkeelError {
  constructor(adapter: string, deadline: number, earliest: number) {
    super('DEADLINE_UNREACHABLE', `${adapter} expects to arrive at ${earliest}, after the deadline ${deadline}.`, {
      field: 'request.deadline',
      value: deadline,
      hint: `Allow until ${earliest} or later, or use a faster bridge.`,
      details: { adapter, earliest },
    });
  }
}

/** What a service or contract offers contradicts itself or our configuration. Code `QUOTE_INCONSISTENT`. */
export class QuoteInconsistentError extends EvenkeelError {
  constructor(adapter: string, field: string, problem: string, options: EvenkeelErrorOptions = {}) {
    super('QUOTE_INCONSISTENT', `${adapter} offered something that cannot be true: ${field} ${problem}.`, {
      field,
      hint: 'Do not use this offer; report it to the operator of the service.',
      ...options,
      details: { adapter, ...options.details },
    });
  }
}

/** A fill that does not fit the quote that it wants to accept. Code `FILL_MISMATCH`. */
export class FillMismatchError extends EvenkeelError {
  constructor(adapter: string, field: string, value: unknown, problem: string) {
    super('FILL_MISMATCH', `${adapter}: ${field} ${problem}.`, {
      field,
      value,
      hint: 'Ask for a new quote with the values that you want to use.',
      details: { adapter },
    });
  }
}

/** The origin transaction did not begin the transfer: it failed, or it is another one. Code `TRANSFER_NOT_STARTED`. */
export class TransferNotStartedError extends EvenkeelError {
  constructor(adapter: string, originTxHash: string, problem: string) {
    super('TRANSFER_NOT_STARTED', `${adapter}: transaction ${originTxHash} ${problem}.`, {
      field: 'transfer.originTxHash',
      value: originTxHash,
      hint: 'Nothing is in flight: check the hash, or send the transfer again.',
      details: { adapter },
    });
  }
}

/** A contract that we rely on reverted or answered something else than its ABI says. Code `CONTRACT_UNREADABLE`. */
export class ContractUnreadableError extends EvenkeelError {
  constructor(chainId: number, address: string, what: string, options: EvenkeelErrorOptions = {}) {
    super('CONTRACT_UNREADABLE', `${address} on chain ${chainId} does not answer ${what} as its ABI says.`, {
      hint: 'Check the address in the configuration.',
      ...options,
      details: { chainId, address, what },
    });
  }
}

/** A log that must exist was not found: the node is pruned, lags behind, or lies. Code `LOG_MISSING`. */
export class LogMissingError extends EvenkeelError {
  constructor(chainId: number, address: string, event: string) {
    super('LOG_MISSING', `${event} of ${address} on chain ${chainId} must exist, but the node does not show it.`, {
      retryable: true,
      hint: 'Ask again, or use a node that keeps logs.',
      details: { chainId, address, event },
    });
  }
}

/** The caller gave up through its `AbortSignal`. Code `ABORTED`. */
export class AbortedError extends EvenkeelError {
  constructor(signal: AbortSignal) {
    super('ABORTED', 'The request was given up by its caller.', { retryable: true, cause: signal.reason });
  }
}

/** No connection, a broken one, or HTTP 5xx. Code `SERVICE_UNREACHABLE`. */
export class ServiceUnreachableError extends EvenkeelError {
  constructor(service: string, problem: string, details: Readonly<Record<string, unknown>> = {}) {
    super('SERVICE_UNREACHABLE', `${service} cannot be reached: ${problem}.`, {
      retryable: true,
      hint: 'Check the URL and the network, or try again later.',
      details: { service, ...details },
    });
  }
}

/** No answer in time. Code `SERVICE_TIMEOUT`. */
export class ServiceTimeoutError extends EvenkeelError {
  constructor(service: string, timeoutMs: number) {
    super('SERVICE_TIMEOUT', `${service} did not answer within ${timeoutMs} ms.`, {
      retryable: true,
      hint: 'Raise timeoutMs, or try again later.',
      details: { service, timeoutMs },
    });
  }
}

/** HTTP 429, still after our own pauses. Code `SERVICE_RATE_LIMITED`. */
export class ServiceRateLimitedError extends EvenkeelError {
  /** What the service asks us to wait, where it said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(service: string, retryAfterSeconds: number | undefined, details: Readonly<Record<string, unknown>> = {}) {
    const wait = retryAfterSeconds === undefined ? '' : ` and asks for ${retryAfterSeconds} s of quiet`;
    super('SERVICE_RATE_LIMITED', `${service} limits the rate of requests${wait}.`, {
      retryable: true,
      hint: 'Ask less often, or use an API key with a higher limit.',
      details: { service, retryAfterSeconds, ...details },
    });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The service understood and said no. Code `SERVICE_REFUSED`; its own words and codes are in the details. */
export class ServiceRefusedError extends EvenkeelError {
  constructor(service: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super('SERVICE_REFUSED', `${service} refused: ${message}.`, {
      hint: 'Change the request, or use another adapter.',
      details: { service, ...details },
    });
  }
}

/** The answer is not what the service's contract says: HTML, cut-off JSON, a wrong shape. Code `SERVICE_GARBAGE`. */
export class ServiceGarbageError extends EvenkeelError {
  constructor(service: string, problem: string, details: Readonly<Record<string, unknown>> = {}) {
    super('SERVICE_GARBAGE', `${service} answered garbage: ${problem}.`, {
      retryable: true,
      hint: 'Check that the URL is that of the service, or try again later.',
      details: { service, ...details },
    });
  }
}
