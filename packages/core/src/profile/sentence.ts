import type { Obstacle, ProfileSolution } from './solution.js';

/** The solution in words. */
export function sentenceOf(solution: Omit<ProfileSolution, 'sentence'>): string {
  const { cost, gapBps, status, trades, unreached } = solution;
  const count = trades.length === 1 ? '1 trade' : `${trades.length} trades`;
  const price = `${short(cost.total)} (execution ${short(cost.execution)}, fixed ${short(cost.fixed)}, holding ${short(cost.holding)})`;
  const certainty =
    gapBps === 0 ? 'nothing is cheaper' : `no other plan is cheaper by more than ${short(gapBps)} bp of that`;
  if (status === 'inside') {
    if (trades.length === 0) return 'Nothing to trade: every greek is in its band.';
    return `${count} for ${price} put every greek into its band; ${certainty}.`;
  }
  const misses = unreached.map(
    ({ because, distance, end, greek }) =>
      `${greek} stays ${short(distance)} ${end === 'low' ? 'below' : 'above'} its band (${because.map(reason).join('; ')})`,
  );
  const start =
    trades.length === 0 ? 'No trade brings the book nearer' : `${count} for ${price} bring the book as near as can be`;
  return `${start}: ${misses.join(', ')}.`;
}

function reason(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'margin':
      return `the margin is used up, a unit more would bring it ${short(obstacle.nearerPerUnit)} nearer`;
    case 'size':
      return `no more of ${obstacle.instrument} can be ${obstacle.side === 'buy' ? 'bought' : 'sold'}, a unit more would bring it ${short(obstacle.nearerPerUnit)} nearer`;
    case 'no-instrument':
      return 'no instrument moves it that way';
    case 'conflict':
      return `nearer would take ${obstacle.greeks.join(' and ')} farther away`;
    case 'doubt':
      return `the exposure is known ${short(obstacle.excess)} less exactly than the band is wide`;
    case 'lot':
      return 'whole lots do not fit into the band';
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
