import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';
import type { Hex } from '@evenkeel/core';

/** The node cannot be reached: no connection, a connection that breaks, HTTP 5xx. Code `RPC_UNREACHABLE`. */
export class RpcUnreachableError extends EvenkeelError {
  constructor(node: string, problem: string, options: EvenkeelErrorOptions = {}) {
    super('RPC_UNREACHABLE', `The node ${node} cannot be reached: ${problem}.`, {
      retryable: true,
      hint: 'Check the URL and the network, or give a second URL.',
      ...options,
      details: { node, ...options.details },
    });
  }
}

/** The node did not answer in time. Code `RPC_TIMEOUT`. For a transaction it says nothing about whether it was sent. */
export class RpcTimeoutError extends EvenkeelError {
  constructor(node: string, method: string, timeoutMs: number) {
    super('RPC_TIMEOUT', `The node ${node} did not answer ${method} within ${timeoutMs} ms.`, {
      retryable: true,
      hint: 'Raise timeoutMs, or give a second URL.',
      details: { node, method, timeoutMs },
    });
  }
}

/** The node says that it is asked too often. Code `RPC_RATE_LIMITED`; `details.retryAfterSeconds` where it said so. */
export class RpcRateLimitedError extends EvenkeelError {
  readonly retryAfterSeconds: number | undefined;

  constructor(node: string, retryAfterSeconds: number | undefined) {
    const wait = retryAfterSeconds === undefined ? '' : ` and asks for ${retryAfterSeconds} s of quiet`;
    super('RPC_RATE_LIMITED', `The node ${node} limits the rate of requests${wait}.`, {
      retryable: true,
      hint: 'Ask less often, raise the plan with its provider, or give a second URL.',
      details: { node, retryAfterSeconds },
    });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The node refuses this client altogether: HTTP 401, 403, 404 and the like. Code `RPC_REFUSED`. */
export class RpcRefusedError extends EvenkeelError {
  constructor(node: string, httpStatus: number) {
    super('RPC_REFUSED', `The node ${node} refuses us with HTTP ${httpStatus}.`, {
      hint: 'Check the path and the key in its URL.',
      details: { node, httpStatus },
    });
  }
}

/** The answer is not one: HTML, nothing, cut-off JSON, a wrong id, a value of the wrong shape. Code `RPC_GARBAGE`. */
export class RpcGarbageError extends EvenkeelError {
  constructor(node: string, problem: string, options: EvenkeelErrorOptions = {}) {
    super('RPC_GARBAGE', `The node ${node} answered garbage: ${problem}.`, {
      retryable: true,
      hint: 'Check that the URL is that of a JSON-RPC node, or use another node.',
      ...options,
      details: { node, ...options.details },
    });
  }
}

/** The node serves another chain than the one that it was configured for. Code `RPC_WRONG_CHAIN`. */
export class RpcWrongChainError extends EvenkeelError {
  constructor(node: string, expected: number, actual: number) {
    super('RPC_WRONG_CHAIN', `The node ${node} serves chain ${actual}, not chain ${expected}.`, {
      field: 'url',
      hint: `Give the URL of a node of chain ${expected}.`,
      details: { node, expected, actual },
    });
  }
}

/** The node is behind: it answers from an old block, or does not know a block that we know. Code `RPC_STALE`. */
export class RpcStaleError extends EvenkeelError {
  constructor(node: string, problem: string) {
    super('RPC_STALE', `The node ${node} is behind: ${problem}.`, {
      retryable: true,
      hint: 'Wait until it has caught up, or use another node.',
      details: { node },
    });
  }
}

/** The node does not have the method. Code `RPC_UNSUPPORTED`. */
export class RpcUnsupportedError extends EvenkeelError {
  constructor(node: string, method: string) {
    super('RPC_UNSUPPORTED', `The node ${node} does not support ${method}.`, {
      hint: 'Use a node that does.',
      details: { node, method },
    });
  }
}

/** The node understood and said no. Code `RPC_REJECTED`; `rpcCode`, `rpcMessage` and `data` are the node's own. */
export class RpcRejectedError extends EvenkeelError {
  readonly rpcCode: number;
  readonly rpcMessage: string;
  /** Revert data, where the node gave some. */
  readonly data: `0x${string}` | undefined;

  constructor(
    node: string,
    method: string,
    answer: { readonly code: number; readonly message: string; readonly data?: `0x${string}` | undefined },
  ) {
    super('RPC_REJECTED', `The node ${node} rejected ${method}: ${answer.message} (${answer.code}).`, {
      details: { node, method, rpcCode: answer.code, rpcMessage: answer.message, data: answer.data },
    });
    this.rpcCode = answer.code;
    this.rpcMessage = answer.message;
    this.data = answer.data;
  }
}

/** The account's nonce has passed the transaction's, and the one that was mined is another. Code `RPC_NONCE_TOO_LOW`. */
export class RpcNonceTooLowError extends EvenkeelError {
  constructor(txHash: Hex, cause: RpcRejectedError) {
    super('RPC_NONCE_TOO_LOW', `Transaction ${txHash} cannot be mined: its nonce was used by another.`, {
      hint: 'Read the nonce anew and sign again.',
      details: { txHash, rpcMessage: cause.rpcMessage },
      cause,
    });
  }
}

/** The fee is below what the node takes, or too little above the one it would replace. Code `RPC_UNDERPRICED`. */
export class RpcUnderpricedError extends EvenkeelError {
  constructor(txHash: Hex, cause: RpcRejectedError) {
    super('RPC_UNDERPRICED', `The node refuses transaction ${txHash}: its fee is too low.`, {
      hint: 'Sign again with both fees at least 12.5 % higher.',
      details: { txHash, rpcMessage: cause.rpcMessage },
      cause,
    });
  }
}

/** The sender cannot pay gas limit × fee + value. Code `RPC_INSUFFICIENT_FUNDS`. */
export class RpcInsufficientFundsError extends EvenkeelError {
  constructor(txHash: Hex, cause: RpcRejectedError) {
    super('RPC_INSUFFICIENT_FUNDS', `The sender of transaction ${txHash} cannot pay for its gas and value.`, {
      hint: 'Send native coin to the account.',
      details: { txHash, rpcMessage: cause.rpcMessage },
      cause,
    });
  }
}

/** The caller gave up through its `AbortSignal`. Code `ABORTED`. */
export class RpcAbortedError extends EvenkeelError {
  constructor(cause: unknown) {
    super('ABORTED', 'The request was given up by its caller.', { retryable: true, cause });
  }
}

/** What an aborted call throws: the signal's own reason where that is one of our errors. */
export function abortError(signal: AbortSignal): EvenkeelError {
  return signal.reason instanceof EvenkeelError ? signal.reason : new RpcAbortedError(signal.reason);
}

/** Too few nodes say the same. Code `RPC_DISAGREES`. */
export class RpcDisagreementError extends EvenkeelError {
  constructor(chain: string, what: string, answers: number, quorum: number) {
    super('RPC_DISAGREES', `The nodes of ${chain} give ${answers} answers to ${what}, none of them ${quorum} times.`, {
      hint: 'Nodes a block apart agree in a moment; if it lasts, compare them and replace the one that is wrong.',
      retryable: true,
    });
  }
}
