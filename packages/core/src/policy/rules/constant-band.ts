import type { Rule } from './rule.js';

/** A band of one width, traded back to its edge or to its middle. */
export function constantBandRule(config: {
  readonly halfWidthUnits: number;
  readonly tradeTo: 'edge' | 'middle';
}): Rule {
  const { halfWidthUnits, tradeTo } = config;
  const half = { outer: halfWidthUnits, inner: tradeTo === 'edge' ? halfWidthUnits : 0 };
  return () => ({ kind: 'band', buy: half, sell: half, centreShiftUnits: 0 });
}
