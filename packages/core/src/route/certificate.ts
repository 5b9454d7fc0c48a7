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

/** Computes once what bounds of the same edges share. */
export function prepareCertificate(problem: CaseProblem): Certificate {
  const { edges } = problem;
  const { bound, least, most, state, surplus } = prepareCases(problem);
  const steps = new Map<string, readonly number[]>();
  const between = (from: number, to: number): readonly number[] => {
    const key = `${from}>${to}`;
    const known = steps.get(key);
    if (known !== undefined) return known;
    const found = [...edges.keys()].filter((e) => edges[e]!.from === from && edges[e]!.to === to);
    steps.set(key, found);
    return found;
  };

  const prove = (proof: BoundProof, supply: ArrayLike<number>): number => {
    switch (proof.kind) {
      case 'leaf':
        return bound(proof, supply, false);
      case 'branch': {
        const { edge } = proof;
        const before = state[edge]!;
        if (before !== FREE) return prove(before === USED ? proof.used : proof.unused, supply);
        state[edge] = USED;
        const used = prove(proof.used, supply);
        state[edge] = UNUSED;
        const unused = prove(proof.unused, supply);
        state[edge] = before;
        return Math.max(used, unused);
      }
      case 'fixed':
      case 'forced': {
        const all = bound(proof, supply, true);
        const decided = proof.kind === 'fixed' ? UNUSED : USED;
        let worst = -Infinity;
        const changed: number[] = [];
        for (const e of proof.edges) {
          if (state[e] !== FREE) continue;
          // Of a route that decides this edge the other way, what it earned beyond its costs is lost, or what it lacked.
          worst = Math.max(worst, all + (decided === UNUSED ? Math.min(0, surplus[e]!) : -Math.max(0, surplus[e]!)));
          changed.push(e);
        }
        for (const e of changed) state[e] = decided;
        const rest = prove(proof.rest, supply);
        for (const e of changed) state[e] = FREE;
        return Math.max(worst, rest);
      }
      case 'depth': {
        const { crossed, edge } = proof;
        const before = [state[edge]!, least[edge]!, most[edge]!] as const;
        most[edge] = Math.min(before[2], crossed - 1);
        const shallow = before[1] >= crossed ? -Infinity : prove(proof.shallow, supply);
        most[edge] = before[2];
        least[edge] = Math.max(before[1], crossed);
        state[edge] = USED;
        const deep = before[0] === UNUSED || before[2] < crossed ? -Infinity : prove(proof.deep, supply);
        [state[edge], least[edge]] = before;
        return Math.max(shallow, deep);
      }
      case 'circle':
        return proveCircle(proof, supply);
    }
  };
  const proveCircle = ({ cases, nodes }: BoundProof & { kind: 'circle' }, supply: ArrayLike<number>): number => {
    // With fewer cases than steps round the circle, one was left out.
    if (nodes.length === 0 || cases.length !== nodes.length) return Infinity;
    return nodes.reduce((worst, node, i) => {
      const step = between(node, nodes[(i + 1) % nodes.length]!);
      if (step.some((e) => state[e] === USED)) return worst;
      const changed = step.filter((e) => state[e] === FREE);
      for (const e of changed) state[e] = UNUSED;
      const bounded = prove(cases[i]!, supply);
      for (const e of changed) state[e] = FREE;
      return Math.max(worst, bounded);
    }, -Infinity);
  };
  return {
    prove: (proof, supply) => {
      state.fill(FREE);
      least.fill(0);
      most.fill(Infinity);
      return prove(proof, supply);
    },
  };
}
