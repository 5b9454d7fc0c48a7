import { EvenkeelError } from '@evenkeel/intents';

/** The adapter was not set up for this chain. Code `CHAIN_NOT_CONFIGURED`. */
export class ChainNotConfiguredError extends EvenkeelError {
  constructor(adapter: string, chainId: number, known: readonly number[]) {
    super('CHAIN_NOT_CONFIGURED', `${adapter} is not set up for chain ${chainId}.`, {
      field: 'chainId',
      value: chainId,
      hint: `Ask for one of ${known.join(', ')}, or add the chain to its configuration.`,
      details: { adapter, known },
    });
  }
}

/**
 * What an adapter was given for a chain.
 *
 * @throws {ChainNotConfiguredError} naming the chains that it was given
 */
export function configuredOn<T>(adapter: string, chains: Readonly<Record<number, T>>, chainId: number): T {
  const found = chains[chainId];
  if (found !== undefined) return found;
  throw new ChainNotConfiguredError(adapter, chainId, Object.keys(chains).map(Number));
}
