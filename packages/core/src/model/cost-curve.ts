/** What it costs to change the delta by one size, all in, in numeraire. */
export interface CostPoint {
  /** Units of the underlying, positive; the curve's side says the sign. */
  readonly sizeUnits: number;
  /** Numeraire against the reference price: fees, gas, price impact, bridges, time at risk. */
  readonly cost: number;
  /** Numeraire per further unit. */
  readonly marginalCost: number;
  /** Numeraire: it is proved that no route over the same offers costs less by more than this. Absent: nothing is proved. */
  readonly openCost?: number;
}

/**
 * C(q): the cost of the best programme for a size, sampled. What the policy weighs against risk. Sizes ascend, and
 * beyond the last one there is no known way to trade.
 */
export interface CostCurve {
  readonly side: 'buy' | 'sell';
  /** Numeraire per unit of the underlying that `cost` is measured against. */
  readonly referencePrice: number;
  /** Paid once whatever the size: gas, message fees. */
  readonly fixedCost: number;
  readonly points: readonly CostPoint[];
}
