import { circleTest } from '../acyclic.js';
import { evaluate } from '../dual/evaluate.js';
import { EDGE_ON, setLive } from '../dual/workspace.js';
import type { Network } from '../network.js';
import type { Candidate, SearchState } from './state.js';

/** Edges that could be added together, and the most that they could earn beyond their costs. */
export interface Addition {
  readonly edges: readonly number[];
  readonly surplus: number;
}

const TRIED_ADDITIONS = 10;

/** Single edges, and pairs of edges over a node that is not used yet, by what they could add at a candidate's prices. */
export function additions(state: SearchState, candidate: Candidate): Addition[] {
  const { links, network, scope, sink, source, workspace: w } = state;
  const { edgeCount, fixedCost, isHop, nodeCount, nodeIn, nodeOut } = network;
  const inside = new Uint8Array(edgeCount);
  const covered = new Uint8Array(nodeCount);
  covered[source] = covered[sink] = 1;
  for (const e of candidate.edges) {
    inside[e] = 1;
    covered[nodeIn[e]!] = covered[nodeOut[e]!] = 1;
  }
  setLive(w, scope, EDGE_ON);
  w.q.set(candidate.q);
  evaluate(w);
  const closesCircle = circleTest(candidate.edges, network);
  const found: Addition[] = [];
  for (const e of scope) {
    if (isHop[e] === 0 || inside[e] === 1) continue;
    if (covered[nodeIn[e]!] === 0 || covered[nodeOut[e]!] === 0) continue;
    const surplus = w.profit[e]! - fixedCost[e]!;
    if (w.profit[e]! > 0 && !closesCircle(nodeIn[e]!, nodeOut[e]!)) found.push({ edges: [e], surplus });
  }
  for (let n = 0; n < nodeCount; n++) {
    if (covered[n] === 1) continue;
    for (const first of links.into[n]!) {
      if (covered[nodeIn[first]!] === 0) continue;
      for (const second of links.outOf[n]!) {
        if (covered[nodeOut[second]!] === 0) continue;
        const surplus = pairProfit(state, first, second, candidate.q) - fixedCost[first]! - fixedCost[second]!;
        if (surplus > 0 && !closesCircle(nodeIn[first]!, nodeOut[second]!)) {
          found.push({ edges: [first, second], surplus });
        }
      }
    }
  }
  found.sort((a, b) => b.surplus - a.surplus || a.edges[0]! - b.edges[0]!);
  return found.slice(0, TRIED_ADDITIONS);
}

/**
 * min over the price between of the profits of two edges in a row, by their first segments:
 * K₁(h₁q − c₁q_a)² + K₂(h₂q_b − c₂q)² has its minimum at the weighted mean of its two zeros.
 */
function pairProfit({ amount, network }: SearchState, first: number, second: number, q: Float64Array): number {
  const { liquidity, nodeIn, nodeOut, phi, segStart, sqrtHigh, sqrtPhi, straight } = network;
  const k = segStart[first]!;
  const m = segStart[second]!;
  if (k === segStart[first + 1]! || m === segStart[second + 1]!) return 0;
  const qa = q[nodeIn[first]!]!;
  const qb = q[nodeOut[second]!]!;
  if (straight[first] === 1 || straight[second] === 1) {
    const rate = zeroRate(network, first) * zeroRate(network, second);
    return Math.max(0, rate * qb * qb - qa * qa) * amount;
  }
  const low = qa / (sqrtPhi[first]! * sqrtHigh[k]!);
  const high = qb * sqrtHigh[m]! * sqrtPhi[second]!;
  if (high <= low) return 0;
  const u = liquidity[k]! * sqrtHigh[k]!;
  const v = liquidity[m]! / (sqrtHigh[m]! * phi[second]!);
  return ((u * v) / (u + v)) * (high - low) ** 2;
}

function zeroRate({ phi, segStart, sqrtHigh, straight }: Network, e: number): number {
  const k = segStart[e]!;
  return straight[e] === 1 ? sqrtHigh[k]! : sqrtHigh[k]! ** 2 * phi[e]!;
}
