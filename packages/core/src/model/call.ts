import type { Address, Hex, Token } from './token.js';

/**
 * One contract call, not yet a transaction: no nonce, no fee, no signature.
 *
 * `purpose` is what the adapter claims the call to be; the guard decodes approvals itself and simulates the whole
 * sequence, so that a false claim is refused, not believed.
 */
export interface Call {
  readonly chainId: number;
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei: bigint;
  readonly purpose: 'approve' | 'action' | 'revoke';
  /** For people: "swap 1,000 USDC for WETH on Uniswap V3 0.05 %". */
  readonly description: string;
  /** A floor for the gas limit where estimation is known to be too low (executors that swallow inner reverts). */
  readonly minGasLimit?: bigint;
}

/** What a call sequence is allowed to spend: the most that `spender` may take of `token` while it runs. */
export interface Allowance {
  readonly token: Token;
  readonly spender: Address;
  readonly atoms: bigint;
}
