import type { Rule } from './rule.js';

const NO_WIDTH = { outer: 0, inner: 0 } as const;

/** Trades all the way to the target every so often, whatever it costs. */
export function fixedIntervalRule({ intervalSeconds }: { readonly intervalSeconds: number }): Rule {
  return ({ lastTradeSeconds, nowSeconds }) => {
    const dueAtSeconds = lastTradeSeconds === undefined ? nowSeconds : lastTradeSeconds + intervalSeconds;
    if (nowSeconds < dueAtSeconds) return { kind: 'not-due', dueAtSeconds };
    return { kind: 'band', buy: NO_WIDTH, sell: NO_WIDTH, centreShiftUnits: 0 };
  };
}
