import type { Award } from '../award/award.js';
import type { HedgeRoute } from '../route/hedge.js';

/** Our own route as the only contestant: this loop asks no outside network. */
export function awardRoute({ cost, costBps }: HedgeRoute): Award {
  const own = Object.freeze({
    kind: 'own',
    adapter: 'own route',
    bidId: undefined,
    cost,
    costBps,
    improvement: undefined,
    won: true,
    code: 'UNOPPOSED',
    sentence: `Costs ${costBps.toFixed(2)} bp all in; no outside network was asked.`,
  } as const);
  return Object.freeze({ winner: 'own', contestants: Object.freeze([own]) });
}
