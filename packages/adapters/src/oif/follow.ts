import type { Call, Cancellation, DeathProof, Fills, Hex, SolverOrder, SolverStatus } from '@evenkeel/core';
import type { StandardOrder } from '@evenkeel/intents';
import { configuredOn } from '../common/configured-on.js';
import { inputSettlerAbi, ORDER_STATUS, permit2Abi } from './abi.js';
import type { OifClient } from './client.js';
import { type OifOptions, permit2Of } from './config.js';
import { OifClaimedUnfilledError } from './errors.js';
import { findInvalidation, findRefund, type OrderState, readOrder } from './order-state.js';
import { outputOf } from './payload.js';
import type { OifOrderStatus } from './schemas.js';

/** What the service says of an order that the chains show as open; it moves nothing but the phase. */
const PHASE: Readonly<Record<OifOrderStatus, 'pending' | 'executing' | 'settling'>> = {
  created: 'pending',
  pending: 'pending',
  executing: 'executing',
  executed: 'executing',
  settling: 'settling',
  settled: 'settling',
  finalized: 'settling',
  failed: 'pending',
  refunded: 'pending',
};

/** Where an order is, by the chains; the service is asked only how far it thinks it is. */
export async function trackOrder(
  options: OifOptions,
  client: OifClient,
  order: SolverOrder,
  signal: AbortSignal,
): Promise<SolverStatus> {
  const state = await readOrder(options, order, signal);
  const { fillDeadline } = order.child.order;
  const drawn = state.status === ORDER_STATUS.deposited || state.status === ORDER_STATUS.claimed;
  if (drawn && state.fill !== undefined) return { state: 'filled', ...fillsOf(order, state, order.input.atoms) };
  if (state.status === ORDER_STATUS.claimed) {
    throw new OifClaimedUnfilledError(order.id, outputOf(order).chainId);
  }
  if (state.status === ORDER_STATUS.refunded)
    return { state: 'dead', reason: 'refunded', ...fillsOf(order, state, 0n) };
  if (state.status === ORDER_STATUS.deposited && state.destinationTime > fillDeadline) {
    // The settler compares with "later than".
    return { state: 'refund-pending', refundableAt: order.child.order.expires + 1 };
  }
  if (state.status === ORDER_STATUS.none) {
    const reason = state.nonceUsed ? 'nonce-invalidated' : state.originTime > fillDeadline ? 'expired' : undefined;
    if (reason !== undefined) return { state: 'dead', reason, ...fillsOf(order, state, 0n) };
  }
  const deposited = state.status === ORDER_STATUS.deposited;
  return { state: 'open', phase: await phaseOf(client, order, deposited, signal) };
}

async function phaseOf(
  client: OifClient,
  order: SolverOrder,
  deposited: boolean,
  signal: AbortSignal,
): Promise<'pending' | 'executing' | 'settling'> {
  const said = await client.status(order.id, signal).catch(() => undefined);
  signal.throwIfAborted();
  const phase = said === undefined ? 'pending' : PHASE[said];
  return deposited && phase === 'pending' ? 'executing' : phase;
}

/** From final blocks only; see the port. */
export async function proveOrderDead(
  options: OifOptions,
  order: SolverOrder,
  signal: AbortSignal,
): Promise<DeathProof | undefined> {
  const state = await readOrder(options, order, signal);
  const { originFinal } = state;
  const proof = (reason: DeathProof['reason'], drawn: bigint, sentence: string): DeathProof => ({
    ...fillsOf(order, state, drawn),
    reason,
    chainId: state.origin.chain.id,
    blockNumber: originFinal.number,
    sentence: `Order ${order.id}: ${sentence}`,
  });
  switch (state.status) {
    case ORDER_STATUS.deposited:
    case ORDER_STATUS.claimed: {
      const isFinal = state.fill !== undefined && state.fill.blockNumber <= state.destinationFinal.number;
      return isFinal ? proof('filled', order.input.atoms, 'its output has arrived for its whole input.') : undefined;
    }
    case ORDER_STATUS.refunded: {
      const refund = await findRefund(state, order, signal);
      return refund && proof('refunded', 0n, `its input was given back in ${refund.txHash}.`);
    }
    default: {
      if (state.nonceUsed) {
        const gone = await findInvalidation(state, order, signal);
        if (gone !== undefined) return proof('nonce-invalidated', 0n, `its nonce was invalidated in ${gone.txHash}.`);
      }
      // A final block past the deadline, and nothing drawn up to a later one: no block to come can draw any more.
      return originFinal.timeSeconds > order.child.order.fillDeadline
        ? proof('expired', 0n, `final block ${originFinal.number} is past its deadline, and nothing was drawn.`)
        : undefined;
    }
  }
}

/**
 * Before its input is drawn, the owner's own use of the nonce makes every draw fail. Afterwards only time ends an order:
 * its input is in escrow until it is filled, or refunded once it has expired.
 */
export async function cancellationOf(
  options: OifOptions,
  order: SolverOrder,
  signal: AbortSignal,
): Promise<Cancellation> {
  const { origin, nonceUsed, status } = await readOrder(options, order, signal);
  const { nonce } = order.child.order;
  if (status !== ORDER_STATUS.none || nonceUsed) return { calls: [], request: undefined };
  const call: Call = {
    chainId: origin.chain.id,
    to: permit2Of(origin),
    data: permit2Abi.encodeFunctionData('invalidateUnorderedNonces', [nonce >> 8n, 1n << (nonce & 0xffn)]) as Hex,
    valueWei: 0n,
    purpose: 'action',
    description: `make order ${order.id} void by using up its nonce in Permit2`,
  };
  return { calls: [call], request: undefined };
}

/** What the escrow still holds is given back by a call that anybody may make. */
export function refundCalls(options: OifOptions, order: SolverOrder, status: SolverStatus): readonly Call[] {
  if (status.state !== 'refund-pending') return [];
  const { originChainId } = order.child.order;
  const { inputSettler } = configuredOn(options.id ?? 'oif', options.chains, originChainId);
  return [
    {
      chainId: originChainId,
      to: inputSettler,
      data: inputSettlerAbi.encodeFunctionData('refund', [asTuple(order.child.order)]) as Hex,
      valueWei: 0n,
      purpose: 'action',
      description: `fetch the input of order ${order.id} back from escrow`,
    },
  ];
}

function fillsOf(order: SolverOrder, { fill }: OrderState, drawn: bigint): Fills {
  const { guaranteedOutput, input } = order;
  const received = fill?.atoms ?? 0n;
  return {
    drawn: { token: input.token, atoms: drawn },
    received: { token: guaranteedOutput.token, atoms: received },
    surplus: received > guaranteedOutput.atoms ? received - guaranteedOutput.atoms : 0n,
    txHashes: fill === undefined ? [] : [fill.txHash],
  };
}

/** Settlers keep a token as a number. */
function asTuple({ inputs, ...rest }: StandardOrder): Readonly<Record<string, unknown>> {
  return { ...rest, inputs: inputs.map(({ amount, token }) => [BigInt(token), amount]) };
}
