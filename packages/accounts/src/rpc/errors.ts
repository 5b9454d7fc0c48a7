import { EvenkeelError } from '@evenkeel/intents';

/** What is asked over JSON-RPC besides the chain's own nodes. */
export type RelayKind = 'bundler' | 'paymaster service';

/** The service cannot be reached: no connection, or HTTP 5xx. Code `RELAY_UNREACHABLE`. */
export class RelayUnreachableError extends EvenkeelError {
  constructor(kind: RelayKind, label: string, problem: string) {
    super('RELAY_UNREACHABLE', `The ${kind} ${label} cannot be reached: ${problem}.`, {
      retryable: true,
      hint: 'Check the URL and the network, or give a second URL.',
      details: { kind, label },
    });
  }
}

/** The service did not answer in time. It may have acted all the same. Code `RELAY_TIMEOUT`. */
export class RelayTimeoutError extends EvenkeelError {
  constructor(kind: RelayKind, label: string, method: string, timeoutMs: number) {
    super('RELAY_TIMEOUT', `The ${kind} ${label} did not answer ${method} within ${timeoutMs} ms.`, {
      retryable: true,
      hint: 'Raise timeoutMs, or give a second URL.',
      details: { kind, label, method, timeoutMs },
    });
  }
}

/** The answer is none: HTML, cut-off JSON, a value of the wrong shape. Code `RELAY_GARBAGE`. */
export class RelayGarbageError extends EvenkeelError {
  constructor(kind: RelayKind, label: string, problem: string) {
    super('RELAY_GARBAGE', `The ${kind} ${label} answered garbage: ${problem}.`, {
      retryable: true,
      hint: `Check that the URL is that of a ${kind}, or use another one.`,
      details: { kind, label },
    });
  }
}

/** The service refuses this client or has no such method. Code `RELAY_REFUSED`. */
export class RelayRefusedError extends EvenkeelError {
  constructor(kind: RelayKind, label: string, problem: string) {
    super('RELAY_REFUSED', `The ${kind} ${label} refuses: ${problem}.`, {
      hint: 'Check the path and the key in its URL, and which methods it offers.',
      details: { kind, label },
    });
  }
}

/** The service works for another chain. Code `RELAY_WRONG_CHAIN`. */
export class RelayWrongChainError extends EvenkeelError {
  constructor(kind: RelayKind, label: string, expected: number, actual: number) {
    super('RELAY_WRONG_CHAIN', `The ${kind} ${label} serves chain ${actual}, not chain ${expected}.`, {
      field: 'urls',
      hint: `Give the URL of a ${kind} of chain ${expected}.`,
      details: { kind, label, expected, actual },
    });
  }
}

/** The service understood and said no. Code `RELAY_REJECTED`; `rpcCode` and `rpcMessage` are its own. */
export class RelayRejectedError extends EvenkeelError {
  readonly rpcCode: number;
  readonly rpcMessage: string;

  constructor(kind: RelayKind, label: string, method: string, rpcCode: number, rpcMessage: string) {
    super('RELAY_REJECTED', `The ${kind} ${label} rejected ${method}: ${rpcMessage} (${rpcCode}).`, {
      hint: 'See what it says; another one may think otherwise.',
      details: { kind, label, method, rpcCode, rpcMessage },
    });
    this.rpcCode = rpcCode;
    this.rpcMessage = rpcMessage;
  }
}

/** The caller gave up through its `AbortSignal`. Code `ABORTED`. */
export class RelayAbortedError extends EvenkeelError {
  constructor(cause: unknown) {
    super('ABORTED', 'The request was given up by its caller.', { retryable: true, cause });
  }
}
