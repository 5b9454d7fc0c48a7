import { type CasePrices, type CaseProblem, FREE, prepareCases, UNUSED, USED } from './certificate-case.js';
import { edgeProfitOf } from './edge-profit.js';
import type { EdgeSpec } from './network.js';

/**
 * What a bound is proved for: edges over nodes, what enters (positive) or must leave (negative) each node, the node
 * whose token is the numeraire, and the most hops. Knows nothing of how a route was found.
 */
export interface CertificateProblem extends CaseProblem {
  readonly supply: ArrayLike<number>;
}

/**
 * A proof by cases. A leaf gives prices that bound every route of its case; a branch splits on whether an edge is used;
 * `fixed` says that its prices alone already bound every route that uses any of `edges`, and goes on without them;
 * `forced` says that they alone bound every route that does without any one of `edges`, and goes on with all of them.
 * `depth` splits on whether an edge is used so far that it crosses `crossed` ticks. `circle` splits on where a route does
 * not run round a circle of nodes: it goes without all edges from one of them to the next. Such a proof is one for routes
 * without circles only.
 */
export type BoundProof =
  | BoundLeaf
  | { readonly kind: 'branch'; readonly edge: number; readonly used: BoundProof; readonly unused: BoundProof }
  | (Omit<BoundLeaf, 'kind'> & {
      readonly kind: 'fixed' | 'forced';
      readonly edges: readonly number[];
      readonly rest: BoundProof;
    })
  | {
      readonly kind: 'depth';
      readonly edge: number;
      readonly crossed: number;
      readonly deep: BoundProof;
      readonly shallow: BoundProof;
    }
  | { readonly kind: 'circle'; readonly nodes: readonly number[]; readonly cases: readonly BoundProof[] };

export interface BoundLeaf extends CasePrices {
  readonly kind: 'leaf';
}

/** A problem ready to be bounded again and again, at the same or at another supply. */
export interface Certificate {
  /** The most numeraire, net of fixed costs, that any route can be worth. */
  readonly prove: (proof: BoundProof, supply: ArrayLike<number>) => number;
}

/**
 * The most numeraire, net of fixed costs, that any route of the problem can be worth. By weak duality any prices give a
 * bound: g(ν) = Σ supply·ν + Σ max(0, arb_i(ν) − c_i) over edges that may be used, arb_i(ν) − c_i over those that must
 * (Diamandis et al. 2023, with fixed costs by Lagrangian relaxation). A hop price λ ≥ 0 adds λ·maxHops and takes λ from
 * every hop. Profits are computed from the pools' own curves, not from the solver's segments, and rounded up.
 *
 * @returns Numeraire; infinite when a price is not usable, so that a broken proof proves nothing.
 */
export function provenBound(problem: CertificateProblem, proof: BoundProof): number {
  return prepareCertificate(problem).prove(proof, problem.supply);
}

/** The weak-duality bound for one price vector. One pass over the edges. */
export function dualBound(problem: CertificateProblem, prices: ArrayLike<number>, hopPrice: number = 0): number {
  return provenBound(problem, { kind: 'leaf', prices, hopPrice });
}

/** arb(ν): the most that trading on one edge is worth when inputs cost `priceIn` and outputs fetch `priceOut`. */
export function edgeProfit(edge: EdgeSpec, priceIn: number, priceOut: number): number {
  return edgeProfitOf(edge)(priceIn, priceOut);
}

/** One of the lines of which a proof is the highest: what any supply is worth at the prices, and a constant. */
interface ProofLine {
  readonly prices: ArrayLike<number>;
  readonly constant: number;
}

/**
 * Computes once what bounds of the same edges share. The pools' profits at given prices do not depend on what is
 * supplied: of a proof by cases they are computed once, and bounds at other supplies are a sum for each case.
 */
export function prepareCertificate(problem: CaseProblem): Certificate {
  const { edges } = problem;
  const { bound, least, most, state, surplus } = prepareCases(problem);
  const linesOf = new WeakMap<BoundProof, readonly ProofLine[]>();
  const steps = new Map<string, readonly number[]>();
  const between = (from: number, to: number): readonly number[] => {
    const key = `${from}>${to}`;
    const known = steps.get(key);
    if (known !== undefined) return known;
    const found = [...edges.keys()].filter((e) => edges[e]!.from === from && edges[e]!.to === to);
    steps.set(key, found);
    return found;
  };
  const reset = (): void => {
    state.fill(FREE);
    least.fill(0);
    most.fill(Infinity);
  };

  /** Of the present case and all that the proof splits it into. */
  const collect = (proof: BoundProof, lines: ProofLine[]): void => {
    switch (proof.kind) {
      case 'leaf': {
        const { prices } = proof;
        lines.push({ prices, constant: bound(proof, new Float64Array(prices.length), false) });
        return;
      }
      case 'branch': {
        const { edge } = proof;
        const before = state[edge]!;
        for (const [decision, part] of [
          [USED, proof.used],
          [UNUSED, proof.unused],
        ] as const) {
          if (before !== FREE && before !== decision) continue;
          state[edge] = decision;
          collect(part, lines);
        }
        state[edge] = before;
        return;
      }
      case 'fixed':
      case 'forced':
        collectDecided(proof, lines);
        return;
      case 'depth': {
        const { crossed, edge } = proof;
        const before = [state[edge]!, least[edge]!, most[edge]!] as const;
        most[edge] = Math.min(before[2], crossed - 1);
        if (before[1] < crossed) collect(proof.shallow, lines);
        most[edge] = before[2];
        least[edge] = Math.max(before[1], crossed);
        state[edge] = USED;
        if (before[0] !== UNUSED && before[2] >= crossed) collect(proof.deep, lines);
        [state[edge], least[edge]] = before;
        return;
      }
      case 'circle':
        collectCircle(proof, lines);
    }
  };
  const collectDecided = (proof: BoundProof & { kind: 'fixed' | 'forced' }, lines: ProofLine[]): void => {
    const { prices } = proof;
    const all = bound(proof, new Float64Array(prices.length), true);
    const decided = proof.kind === 'fixed' ? UNUSED : USED;
    let worst = -Infinity;
    const changed: number[] = [];
    for (const e of proof.edges) {
      if (state[e] !== FREE) continue;
      // Of a route that decides this edge the other way, what it earned beyond its costs is lost, or what it lacked.
      worst = Math.max(worst, decided === UNUSED ? Math.min(0, surplus[e]!) : -Math.max(0, surplus[e]!));
      changed.push(e);
    }
    if (worst > -Infinity) lines.push({ prices, constant: all + worst });
    for (const e of changed) state[e] = decided;
    collect(proof.rest, lines);
    for (const e of changed) state[e] = FREE;
  };
  const collectCircle = ({ cases, nodes }: BoundProof & { kind: 'circle' }, lines: ProofLine[]): void => {
    // With fewer cases than steps round the circle, one was left out.
    if (nodes.length === 0 || cases.length !== nodes.length) lines.push({ prices: [], constant: Infinity });
    nodes.forEach((node, i) => {
      const step = between(node, nodes[(i + 1) % nodes.length]!);
      if (cases[i] === undefined || step.some((e) => state[e] === USED)) return;
      const changed = step.filter((e) => state[e] === FREE);
      for (const e of changed) state[e] = UNUSED;
      collect(cases[i], lines);
      for (const e of changed) state[e] = FREE;
    });
  };

  const prove: Certificate['prove'] = (proof, supply) => {
    if (proof.kind === 'leaf') {
      reset();
      return bound(proof, supply, false);
    }
    let lines = linesOf.get(proof);
    if (lines === undefined) {
      reset();
      const found: ProofLine[] = [];
      collect(proof, found);
      linesOf.set(proof, found);
      lines = found;
    }
    const supplied: number[] = [];
    for (let n = 0; n < supply.length; n++) if (supply[n] !== 0) supplied.push(n);
    let highest = -Infinity;
    for (const { constant, prices } of lines) {
      if (constant === Infinity) return Infinity;
      // A case without any route bounds nothing.
      if (constant === -Infinity) continue;
      let value = 0;
      let size = Math.abs(constant);
      for (const n of supplied) {
        value += supply[n]! * prices[n]!;
        size += Math.abs(supply[n]! * prices[n]!);
      }
      highest = Math.max(highest, constant + value + size * (supplied.length + 4) * 2 ** -53);
    }
    return highest;
  };
  return { prove };
}
