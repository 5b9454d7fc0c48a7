import { type Address, type Chain, type Token, sameAddress } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { ChainNotConfiguredError } from '../common/configured-on.js';

/** What all Uniswap adapters want to know of a chain. */
export interface UniswapChain {
  readonly chain: Chain;
  /**
   * Tokens that take a fee of each transfer. What arrives is less than what the curve says, so their pools are left out
   * and a swap of them is refused.
   */
  readonly feeOnTransfer?: readonly Address[];
  /**
   * Tokens that refuse to change an allowance that is not zero, as USDT on Ethereum does. Their approval is preceded by
   * one of zero: swaps leave no allowance, but an approval whose swap was never sent does.
   */
  readonly resetAllowance?: readonly Address[];
}

/**
 * The configuration by chain id, checked: every key is the id of its chain, every address an address.
 * @throws {InvalidInputError}
 */
export function chainTable<C extends UniswapChain>(
  adapter: string,
  chains: Readonly<Record<number, C>>,
  addresses: readonly (keyof C & string)[],
): (chainId: number) => C {
  const table = new Map<number, C>();
  for (const [key, config] of Object.entries(chains)) {
    const field = `chains.${key}`;
    if (config.chain.id !== Number(key)) {
      throw new InvalidInputError(`${field}.chain`, config.chain.id, `is not chain ${key}`, 'Use its id as the key.');
    }
    for (const name of addresses) assertAddress(config[name], `${field}.${name}`);
    for (const list of ['feeOnTransfer', 'resetAllowance'] as const) {
      config[list]?.forEach((address, index) => assertAddress(address, `${field}.${list}[${index}]`));
    }
    table.set(config.chain.id, Object.freeze({ ...config }));
  }
  return (chainId) => {
    const config = table.get(chainId);
    if (config === undefined) throw new ChainNotConfiguredError(adapter, chainId, [...table.keys()]);
    return config;
  };
}

export function isListed(token: Pick<Token, 'address'>, list: readonly Address[] | undefined): boolean {
  return list?.some((address) => sameAddress(address, token.address)) ?? false;
}

function assertAddress(value: unknown, field: string): void {
  if (typeof value === 'string' && /^0x[0-9a-f]{40}$/i.test(value)) return;
  throw new InvalidInputError(field, value, 'is not an address', 'Write it as 0x and 40 hex digits.');
}
