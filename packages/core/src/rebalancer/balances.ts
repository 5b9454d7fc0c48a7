import { decodeUint, encodeBalanceOf } from '../guard/token-calls.js';
import { NATIVE_ADDRESS, type Token, type TokenAmount } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { Chain } from '../ports/chain.js';
import { BalanceUnreadableError } from './errors.js';
import { type Portfolio, type RebalancerPorts, tokensOn } from './portfolio.js';

/** The chain's native coin as a token. */
export function nativeToken(chain: Pick<Chain, 'id'>): Token {
  return Object.freeze({ chainId: chain.id, address: NATIVE_ADDRESS, symbol: 'native', decimals: 18 });
}

/**
 * What the account holds of every token of the portfolio on one chain, the native coin included.
 *
 * @throws {BalanceUnreadableError} BALANCE_UNREADABLE; RPC_* errors pass through
 */
export async function balancesOn(
  portfolio: Portfolio,
  account: Pick<Account, 'addressOn'>,
  chain: Chain,
  signal: AbortSignal,
): Promise<readonly TokenAmount[]> {
  const holder = account.addressOn(chain.id);
  const tokens = tokensOn(portfolio, chain.id);
  const [batch, wei] = await Promise.all([
    chain.read(
      tokens.map(({ address }) => ({ to: address, data: encodeBalanceOf(holder) })),
      signal,
    ),
    chain.balanceWei(holder, signal),
  ]);
  const held = tokens.map((token, i) => {
    const result = batch.results[i];
    const atoms = result?.success === true ? decodeUint(result.data) : undefined;
    if (atoms === undefined) throw new BalanceUnreadableError(token);
    return Object.freeze({ token, atoms });
  });
  return Object.freeze([...held, Object.freeze({ token: nativeToken(chain), atoms: wei })]);
}

/** The same for several chains, all of which have to answer. @throws as {@link balancesOn} */
export async function readBalances(
  portfolio: Portfolio,
  { account, chains }: Pick<RebalancerPorts, 'account' | 'chains'>,
  chainIds: readonly number[],
  signal: AbortSignal,
): Promise<readonly TokenAmount[]> {
  const wanted = chains.filter(({ id }) => chainIds.includes(id));
  const perChain = await Promise.all(wanted.map((chain) => balancesOn(portfolio, account, chain, signal)));
  return Object.freeze(perChain.flat());
}
