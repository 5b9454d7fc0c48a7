import { EvenkeelError } from '@evenkeel/intents';
import { Decimal, decimalFromNumber } from '../model/decimal.js';
import { sameToken, type Token } from '../model/token.js';
import { totalCost } from './costs.js';
import type { HedgeAlternative, HedgeRequest, HedgeRoute } from './hedge.js';
import type { RouteModel } from './model.js';
import { solveModel, type SolvedModel } from './solve-model.js';

const ALTERNATIVE_NODE_BUDGET = 150;

/** The best that could be done on one chain, without bridges, and with one pool, beside a route. */
export function alternatives(
  request: HedgeRequest,
  model: RouteModel,
  solved: SolvedModel,
): HedgeRoute['alternatives'] {
  const reference = Number(request.referencePrice);
  const price = (restricted: RouteModel, budget: number): HedgeAlternative => {
    try {
      const other = solveModel(restricted, {
        nodeBudget: budget,
        referencePrice: reference,
        toleranceBps: 0.01,
        certify: false,
      });
      if (other.replay.remainder > solved.replay.remainder || other.replay.hops.length === 0) {
        const missing = new Decimal(other.replay.remainder.toString()).shiftedBy(-model.amountDecimals);
        const reason = `${missing.toPrecision(6)} units would remain undone.`;
        return Object.freeze({ status: 'infeasible', code: 'ROUTE_INFEASIBLE', reason });
      }
      const cost = decimalFromNumber(totalCost(other.costs), 'cost');
      return Object.freeze({ status: 'feasible', costBps: other.costBps, cost });
    } catch (error) {
      if (!(error instanceof EvenkeelError)) throw error;
      return Object.freeze({ status: 'infeasible', code: error.code, reason: error.message });
    }
  };
  const noBridge = { ...model, bridges: [] };
  const chains = [...new Set(model.pools.map(({ chainId }) => chainId))];
  const perChain = chains.map((chainId) => {
    const here = ({ token }: { token: Token }): boolean => token.chainId === chainId;
    const inputs = model.inputs.filter(here);
    const outputs = model.outputs.filter((token) => token.chainId === chainId);
    if (inputs.length === 0 || outputs.length === 0) {
      const reason = `Chain ${chainId} has no token to give or none to take.`;
      return Object.freeze({ status: 'infeasible', code: 'ROUTE_DISCONNECTED', reason } as const);
    }
    const pools = model.pools.filter((pool) => pool.chainId === chainId);
    return tag(price({ ...noBridge, inputs, outputs, pools }, ALTERNATIVE_NODE_BUDGET), { chainId });
  });
  const isEnd = (token: Token): boolean => request.baseTokens.some((base) => sameToken(base, token));
  const isQuote = (token: Token): boolean => request.quoteTokens.some((quote) => sameToken(quote, token));
  const direct = model.pools.filter(({ tokens: [a, b] }) => (isEnd(a) && isQuote(b)) || (isEnd(b) && isQuote(a)));
  const perPool = direct.map((pool) => {
    const on = (token: Token): boolean => pool.tokens.some((other) => sameToken(other, token));
    const inputs = model.inputs.filter(({ token }) => on(token));
    const only = { ...noBridge, pools: [pool], inputs, outputs: model.outputs.filter(on) };
    return tag(price(only, 4), { chainId: pool.chainId, poolId: pool.id, adapter: pool.adapter });
  });
  return {
    bestSingleChain: cheapest(perChain),
    bestWithoutBridging: price(noBridge, ALTERNATIVE_NODE_BUDGET),
    bestSinglePool: cheapest(perPool),
  };
}

function tag(
  alternative: HedgeAlternative,
  where: { chainId: number; poolId?: string; adapter?: string },
): HedgeAlternative {
  return alternative.status === 'feasible' ? Object.freeze({ ...alternative, ...where }) : alternative;
}

function cheapest(all: readonly HedgeAlternative[]): HedgeAlternative {
  let best: HedgeAlternative =
    all[0] ??
    Object.freeze({
      status: 'infeasible',
      code: 'ROUTE_DISCONNECTED',
      reason: 'No pool trades the underlying against the numeraire directly.',
    });
  for (const each of all) {
    if (each.status !== 'feasible') continue;
    if (best.status !== 'feasible' || each.costBps < best.costBps) best = each;
  }
  return best;
}
