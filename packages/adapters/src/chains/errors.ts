import { EvenkeelError } from '@evenkeel/intents';

/** No chain of this id is described. Code `UNKNOWN_CHAIN`. */
export class UnknownChainError extends EvenkeelError {
  constructor(chainId: unknown, known: readonly number[]) {
    super('UNKNOWN_CHAIN', `There is no description of chain ${String(chainId)}.`, {
      field: 'chainId',
      value: chainId,
      hint: `Use one of ${known.join(', ')}, or give the chain's tokens and addresses yourself.`,
      details: { known },
    });
  }
}

/** The chain's description has no such token. Code `UNKNOWN_TOKEN`. */
export class UnknownTokenError extends EvenkeelError {
  constructor(chainId: number, token: string, known: readonly string[]) {
    super('UNKNOWN_TOKEN', `There is no token ${JSON.stringify(token)} on chain ${chainId}.`, {
      field: 'token',
      value: token,
      hint: `Use one of ${known.join(', ')}, or give the token's address, symbol and decimals yourself.`,
      details: { chainId, known },
    });
  }
}
