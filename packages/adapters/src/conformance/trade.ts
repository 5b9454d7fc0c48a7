import type { Address, Call, QuoteFill, SwapFill, Token } from '@evenkeel/core';
import { type Fail, say } from './check.js';
import { outcomeOf } from './invoke.js';
import { copyOf } from './values.js';

/** A fill that an adapter has to be able to build, and what was promised for it. */
export interface Trade {
  /** For messages: `1000000 USDC for WETH through pool 0xabc…`. */
  readonly label: string;
  readonly fill: SwapFill | QuoteFill;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  /** False for a bridge: what arrives cannot be seen on the origin chain. */
  readonly arrivesHere: boolean;
  readonly amountIn: bigint;
  /** Native coin that is paid on top of the input, as the quote says. */
  readonly extraWei: bigint;
  /** Atoms of the output that were said to arrive. */
  readonly promised: bigint;
  /** `exact`: that and no other amount. A number: at most so many bps less. */
  readonly precision: 'exact' | number;
  /** Who else may gain some of the output: pools and vaults; anybody where the quote shows a fee in that token. */
  readonly counterparties: readonly Address[] | 'any';
}

export type Build = (fill: SwapFill | QuoteFill) => readonly Call[];

/** The calls of a fill; a promise in place of calls, or no calls at all, end the check. */
export async function callsOf(build: Build, trade: Trade, fail: Fail): Promise<readonly Call[]> {
  const outcome = await outcomeOf(() => build(copyOf(trade.fill)), 5_000);
  const what = `build to give the calls for ${trade.label}`;
  if (outcome.kind !== 'value') {
    const got = outcome.kind === 'error' ? `it threw ${say(outcome.error)}` : 'it hangs';
    return fail(what, got, 'build is pure: it needs nothing but the fill and your configuration.');
  }
  const calls: unknown = outcome.value;
  if (Array.isArray(calls) && calls.length > 0) return calls as readonly Call[];
  return fail(what, `it gave ${Array.isArray(calls) ? 'none' : typeof calls}`, 'Return an array of calls.');
}
