import type { CostCurve } from '../model/cost-curve.js';
import { PolicyInputInvalidError } from './errors.js';

/** A sampled cost curve as a function: convex, with a continuous marginal cost. Sizes in units, costs in numeraire. */
export interface CostFunction {
  /** Paid once, whatever the size. */
  readonly fixedCost: number;
  /** Beyond this size there is no known way to trade. */
  readonly maxSizeUnits: number;
  /** Cost without the fixed part; zero at zero, infinite beyond `maxSizeUnits`. */
  readonly variableCost: (sizeUnits: number) => number;
  /** Derivative of `variableCost`; never falls with size. */
  readonly marginalCost: (sizeUnits: number) => number;
}

/** A stretch over which the marginal cost rises linearly from `left` to `slope` at `knot`, then to `right`. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly knot: number;
  readonly startCost: number;
  readonly knotCost: number;
  readonly left: number;
  readonly slope: number;
  readonly right: number;
}

interface Node {
  readonly size: number;
  readonly cost: number;
  readonly marginal: number;
}

/**
 * The convex, once differentiable curve through the lower hull of the samples. Where the sampled marginal cost fits the
 * slopes on either side it is kept; between two samples the marginal cost is made of two straight pieces that meet the
 * cost of both exactly (a convex quadratic spline, Schumaker 1983). Costs below the fixed part, that is prices better
 * than the reference, count as zero: a mispriced reference is no reason to trade.
 *
 * @throws {PolicyInputInvalidError} when a sample is not finite, sizes do not ascend from above zero, or the fixed cost
 * is negative
 */
export function costFunction(curve: CostCurve): CostFunction {
  const known = ofFrozen.get(curve);
  if (known !== undefined) return known;
  const made = throughSamples(curve);
  if (Object.isFrozen(curve) && Object.isFrozen(curve.points)) ofFrozen.set(curve, made);
  return made;
}

/** Curves that cannot change any more are turned into functions once: a backtest decides by the same one many times. */
const ofFrozen = new WeakMap<CostCurve, CostFunction>();

function throughSamples(curve: CostCurve): CostFunction {
  const { fixedCost, points, side } = curve;
  const field = `${side}Curve`;
  if (!(fixedCost >= 0 && Number.isFinite(fixedCost))) {
    throw new PolicyInputInvalidError(
      `${field}.fixedCost`,
      fixedCost,
      'is not a cost',
      'Give it in numeraire, from 0.',
    );
  }
  const segments = segmentsOf(hullOf(checkedNodes(curve, field)));
  const maxSizeUnits = points.at(-1)?.sizeUnits ?? 0;
  return {
    fixedCost,
    maxSizeUnits,
    variableCost: (size) => (size > maxSizeUnits ? Number.POSITIVE_INFINITY : costAt(segments, size)),
    marginalCost: (size) => (size > maxSizeUnits ? Number.POSITIVE_INFINITY : marginalAt(segments, size)),
  };
}

/** A stretch of sizes over which the marginal cost rises in a straight line. Units, and numeraire per unit. */
export interface MarginalPiece {
  readonly length: number;
  readonly left: number;
  readonly right: number;
}

/**
 * The variable part of {@link costFunction} as its pieces, from size zero outwards, for whoever optimises over it.
 *
 * @throws {PolicyInputInvalidError} as `costFunction`
 */
export function marginalPieces(curve: CostCurve): MarginalPiece[] {
  const segments = segmentsOf(hullOf(checkedNodes(curve, `${curve.side}Curve`)));
  return segments
    .flatMap(({ end, knot, left, right, slope, start }) => [
      { length: knot - start, left, right: slope },
      { length: end - knot, left: slope, right },
    ])
    .filter(({ length }) => length > 0);
}

/** The same curve with its variable part times `factor`. */
export function scaleVariableCost(cost: CostFunction, factor: number): CostFunction {
  if (factor === 1) return cost;
  return {
    ...cost,
    variableCost: (size) => factor * cost.variableCost(size),
    marginalCost: (size) => factor * cost.marginalCost(size),
  };
}

/** Of a cost: less is rounding. */
const SAME_COST = 1e-12;

/** Whether every unit costs the same, as far as the cost is known. */
export function isLinear({ marginalCost, maxSizeUnits }: CostFunction): boolean {
  const last = marginalCost(maxSizeUnits);
  return last - marginalCost(0) <= SAME_COST * last;
}

/** All that a trade of the size costs; nothing for no trade. */
export function totalCost(cost: CostFunction, sizeUnits: number): number {
  return sizeUnits === 0 ? 0 : cost.fixedCost + cost.variableCost(sizeUnits);
}

function checkedNodes({ fixedCost, points }: CostCurve, field: string): Node[] {
  let previous = 0;
  return points.map(({ cost, marginalCost, sizeUnits }, i) => {
    if (!(sizeUnits > previous) || ![sizeUnits, cost, marginalCost].every(Number.isFinite)) {
      const hint = 'Give finite samples whose sizes ascend from above zero.';
      throw new PolicyInputInvalidError(`${field}.points[${i}]`, points[i], 'is not a sample of a cost curve', hint);
    }
    previous = sizeUnits;
    return { size: sizeUnits, cost: Math.max(0, cost - fixedCost), marginal: Math.max(0, marginalCost) };
  });
}

function slopeBetween(a: Node, b: Node): number {
  return (b.cost - a.cost) / (b.size - a.size);
}

/** Lower convex hull from the origin (Andrew 1979). */
function hullOf(nodes: readonly Node[]): Node[] {
  const hull: Node[] = [{ size: 0, cost: 0, marginal: 0 }];
  for (const node of nodes) {
    while (hull.length > 1 && slopeBetween(hull.at(-2)!, hull.at(-1)!) >= slopeBetween(hull.at(-1)!, node)) hull.pop();
    hull.push(node);
  }
  return hull;
}

function segmentsOf(hull: readonly Node[]): Segment[] {
  const slopes = hull.slice(1).map((node, i) => slopeBetween(hull[i]!, node));
  const marginals = hull.map((node, i) => {
    const before = slopes[i - 1] ?? 0;
    return Math.min(Math.max(node.marginal, before), slopes[i] ?? Number.POSITIVE_INFINITY);
  });
  if (slopes.length > 0) marginals[0] = Math.min(Math.max(2 * slopes[0]! - marginals[1]!, 0), slopes[0]!);
  return slopes.map((slope, i) => {
    const { cost: startCost, size: start } = hull[i]!;
    const { size: end } = hull[i + 1]!;
    const left = marginals[i]!;
    const right = marginals[i + 1]!;
    const share = right > left ? (right - slope) / (right - left) : 1;
    const knot = start + share * (end - start);
    const knotCost = startCost + ((knot - start) * (left + slope)) / 2;
    return { start, end, knot, startCost, knotCost, left, slope, right };
  });
}

function segmentAt(segments: readonly Segment[], size: number): Segment | undefined {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle]!.end < size) low = middle + 1;
    else high = middle;
  }
  return segments[low];
}

function marginalAt(segments: readonly Segment[], size: number): number {
  const segment = segmentAt(segments, size);
  return segment === undefined ? Number.POSITIVE_INFINITY : marginalWithin(segment, size);
}

function marginalWithin({ end, knot, left, right, slope, start }: Segment, size: number): number {
  if (size <= knot) return knot === start ? slope : left + ((slope - left) * (size - start)) / (knot - start);
  return slope + ((right - slope) * (size - knot)) / (end - knot);
}

function costAt(segments: readonly Segment[], size: number): number {
  const segment = segmentAt(segments, size);
  if (segment === undefined) return size === 0 ? 0 : Number.POSITIVE_INFINITY;
  const { knot, knotCost, left, slope, start, startCost } = segment;
  const marginal = marginalWithin(segment, size);
  if (size <= knot) return startCost + ((size - start) * (left + marginal)) / 2;
  return knotCost + ((size - knot) * (slope + marginal)) / 2;
}
