import { checkCurve } from '../solicit/check-curve.js';
import { sameToken } from '../model/token.js';
import { RouteDuplicateError, RoutePoolInvalidError } from './errors.js';
import type { RoutePool } from './model.js';

/**
 * Refuses pools that cannot be what they say.
 *
 * @throws RoutePoolInvalidError, RouteDuplicateError
 */
export function assertPools(pools: readonly RoutePool[]): void {
  const seen = new Set<string>();
  for (const pool of pools) {
    const key = `${pool.adapter}/${pool.chainId}/${pool.id}`;
    if (seen.has(key)) throw new RouteDuplicateError('pools', pool.id);
    seen.add(key);
    const [a, b] = pool.tokens;
    if (sameToken(a, b)) throw new RoutePoolInvalidError(pool.id, 'trades a token for itself', 'Leave it out.');
    if (a.chainId !== pool.chainId || b.chainId !== pool.chainId) {
      throw new RoutePoolInvalidError(pool.id, 'has tokens of another chain', 'Give its tokens on its own chain.');
    }
    if (pool.gas.base < 0n || pool.gas.perTick < 0n) {
      throw new RoutePoolInvalidError(pool.id, 'has negative gas', 'Give the units of gas that a swap takes.');
    }
    const wrong = checkCurve(pool.curve);
    if (wrong !== undefined) {
      throw new RoutePoolInvalidError(pool.id, wrong.problem, 'Read its state again, or leave it out.', {
        details: { problem: wrong.code },
      });
    }
  }
}
