// Our router behind the same shape as the peers'. One call gives the route, its certificate and the time.
import { existsSync } from 'node:fs';

const entry = new URL('../../packages/core/dist/route/index.js', import.meta.url);
if (!existsSync(entry)) {
  console.error('The packages are not built. Run `npm install` and `npm run build` in the root folder, then again.');
  process.exit(1);
}
const core = await import(entry);

export const label = 'evenkeel';

/**
 * What is timed is `solve`: a new solution with its certificate and its exact replay each time, over pools that were laid
 * out once, as the peers' are.
 */
export function prepare(problem, options = {}) {
  const prepared = core.prepareRoute(problem, options);
  return { solve: () => prepared.solve(), toSolution: (route) => core.routeSolution(route) };
}

export const solveOnce = (problem, options = {}) => core.solveRoute(problem, options);

export function toHops({ hops }) {
  return hops.map(({ amountIn, bridgeId, poolId, tokenIn, tokenOut }) => ({
    ...(bridgeId === undefined ? { poolId } : { bridgeId }),
    tokenIn,
    tokenOut,
    amount: BigInt(amountIn),
  }));
}
