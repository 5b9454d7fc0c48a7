import { type ExecutionResult, netOf, type StepResult } from '../execution/execute-programme.js';
import type { Delegation } from '../delegate/delegation.js';
import { orderSlots } from '../delegate/sender.js';
import { Decimal, fromAtoms } from '../model/decimal.js';
import type { Flow, Journal } from '../ports/journal.js';
import type { SwapRecord } from '../report/cost-attribution.js';

/** An order that is over, and what our own route did after it, as the execution of its slice. */
export async function executionOf(
  journal: Journal,
  delegation: Delegation,
  rest: { readonly state: ExecutionResult['state']; readonly steps: readonly StepResult[] },
): Promise<ExecutionResult> {
  const { intentId, slice } = delegation;
  const flows = await flowsOf(journal, delegation);
  const steps = Object.freeze([stepOf(delegation), ...rest.steps]);
  return Object.freeze({
    intentId,
    slice,
    state: rest.state,
    simulated: false,
    steps,
    flows,
    net: netOf(flows),
    guard: [],
  });
}

/** What it drew and brought, what our own route of the slice did, and what its approvals and cancellations cost. */
async function flowsOf(journal: Journal, { index, intentId, slice }: Delegation): Promise<readonly Flow[]> {
  const { first, last } = orderSlots(index);
  const all = await journal.flows({ intentId });
  return Object.freeze(all.filter((flow) => flow.slice === slice || (flow.slice >= first && flow.slice <= last)));
}

function stepOf({ endingReason, index, order, proof, state }: Delegation): StepResult {
  const id = `delegate-${index}`;
  if (proof === undefined) {
    const sentence = `Order ${order.id} of ${order.adapter} was never let out (${endingReason ?? state}).`;
    return { id, state: 'skipped', code: 'DELEGATION_WITHDRAWN', sentence };
  }
  const [txHash] = proof.txHashes;
  return {
    id,
    state: proof.drawn.atoms > 0n ? 'done' : 'skipped',
    code: 'DELEGATION_ENDED',
    sentence: proof.sentence,
    ...(txHash === undefined ? {} : { txHash }),
  };
}

/**
 * What the network has exchanged. It shows no market of its own: all that it guaranteed below the reference price counts
 * as spread, and what it paid beyond that as a gain of the time between.
 */
export function swapOf({ order, proof }: Delegation): SwapRecord | undefined {
  if (proof === undefined || proof.drawn.atoms === 0n) return undefined;
  const { drawn, received } = proof;
  const { guaranteedOutput, input } = order;
  const promised = (guaranteedOutput.atoms * drawn.atoms) / input.atoms;
  const midPrice = new Decimal(fromAtoms(received.token, promised)).div(fromAtoms(drawn.token, drawn.atoms));
  return Object.freeze({
    input: drawn,
    output: received,
    quotedOutputAtoms: promised,
    feeAtoms: 0n,
    midPrice: midPrice.toFixed(),
    roundingAtoms: '0',
  });
}
