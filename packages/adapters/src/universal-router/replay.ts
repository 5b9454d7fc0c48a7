import { type Curve, sameToken, swapExactIn, type TokenAmount, tokenKey } from '@evenkeel/core';
import { deepFreeze } from '../common/freeze.js';
import { planBundle, type RouterBundle } from './bundle.js';
import { RouterBundleInvalidError } from './errors.js';

/** What a bundle does on the pools' state as it was read. */
export interface BundleReplay {
  /** What the sender gives, by token, atoms. */
  readonly drawn: readonly TokenAmount[];
  /** What the recipient gets on this chain, by token, atoms; surplus included. */
  readonly received: readonly TokenAmount[];
  /** Output of each swap in order, atoms; 0 for a deposit. */
  readonly outputs: readonly bigint[];
}

/**
 * Replays a bundle to the atom as the chain would do it now: hops on the same pool see each other.
 *
 * @throws {RouterBundleInvalidError} when a swap would miss its minimum or a pool's known range ends: the transaction
 * would revert as a whole.
 */
export function replayBundle(bundle: RouterBundle): BundleReplay {
  const plan = planBundle(bundle);
  const curves = new Map<string, Curve>();
  const inRouter = new Map<string, bigint>();
  const received = new Map<string, TokenAmount>();
  const add = (amount: TokenAmount): void => {
    const key = tokenKey(amount.token);
    received.set(key, { token: amount.token, atoms: (received.get(key)?.atoms ?? 0n) + amount.atoms });
  };
  const change = (key: string, atoms: bigint): void => void inRouter.set(key, (inRouter.get(key) ?? 0n) + atoms);
  const outputs = plan.hops.map(({ amountIn, hop, kept, payer, tokenIn }, index) => {
    if (payer.kind === 'router') change(tokenKey(tokenIn), payer.missing - amountIn);
    if (hop.kind === 'deposit') return 0n;
    const pool = `${hop.pool.adapter}/${hop.pool.id}`;
    const side = sameToken(hop.pool.tokens[0], hop.tokenIn) ? 0 : 1;
    const swap = swapExactIn(curves.get(pool) ?? hop.pool.curve, side, amountIn);
    curves.set(pool, swap.after);
    if (swap.amountInUsed !== amountIn || swap.amountOut < hop.minReceived) {
      const field = `bundle.hops.${index}.minReceived`;
      throw new RouterBundleInvalidError(field, swap.amountOut, `is not met on this state`, 'Ask for a new route.');
    }
    if (kept) change(tokenKey(hop.tokenOut), swap.amountOut);
    else add({ token: hop.tokenOut, atoms: swap.amountOut });
    return swap.amountOut;
  });
  for (const token of plan.sweeps) add({ token, atoms: inRouter.get(tokenKey(token)) ?? 0n });
  return deepFreeze({ drawn: plan.draws, received: [...received.values()].filter(({ atoms }) => atoms > 0n), outputs });
}
