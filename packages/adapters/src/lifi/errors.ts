import { EvenkeelError } from '@evenkeel/intents';

/** No tool of LI.FI can do it. Code `NO_ROUTE`; the tools' own reasons are in the details. */
export class LifiNoRouteError extends EvenkeelError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('NO_ROUTE', `LI.FI found no route: ${message}.`, {
      hint: 'Ask for another amount or pair, or allow more tools.',
      details,
    });
  }
}

/** The offered transaction goes to, or wants an allowance for, a contract that is not allowed. Code `FOREIGN_TARGET`. */
export class LifiForeignTargetError extends EvenkeelError {
  constructor(field: string, address: string, chainId: number, allowed: readonly string[]) {
    super('FOREIGN_TARGET', `LI.FI names ${address} as ${field} on chain ${chainId}, which is not allowed.`, {
      field,
      value: address,
      hint: 'Do not send it. If LI.FI has published this contract, add it to targets.',
      details: { chainId, allowed },
    });
  }
}
