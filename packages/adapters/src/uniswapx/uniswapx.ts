import type {
  Call,
  DeathProof,
  Fills,
  Hex,
  SolverAdapter,
  SolverCapabilities,
  SolverOrder,
  SolverStatus,
} from '@evenkeel/core';
import { throwIfAborted } from '../common/abort.js';
import { deepFreeze } from '../common/freeze.js';
import { releaseCalls } from '../common/solver-approvals.js';
import { SolverOrderForeignError } from '../common/solver-errors.js';
import { permit2Abi } from './abi.js';
import { bidOf } from './bid.js';
import { ADAPTER_ID, chainOf, permit2Of, timingOf, type UniswapXOptions } from './config.js';
import { type DutchOrder, dutchOrderHash } from './dutch-order.js';
import { type Fate, fateOf } from './fate.js';
import { uniswapXPayload } from './payload.js';
import { submitOrder } from './submit.js';

/**
 * UniswapX: orders that fillers compete for, by falling price, after one of them may have had it for itself. The owner
 * signs a permit of Permit2 for exactly the input; nothing moves before the fill, which pays in the same transaction. An
 * order is filled whole or not at all.
 *
 * @example
 * ```ts
 * const solver = uniswapx({ chains: { 1: { chain, kind: 'v2-dutch', reactor, quoter, cosigner } }, network, clock })
 * const bid = await solver.bid(request, signal)
 * ```
 */
export function uniswapx(options: UniswapXOptions): SolverAdapter {
  timingOf(options);
  const capabilities: SolverCapabilities = {
    chains: Object.keys(options.chains).map(Number),
    crossChain: false,
    partialFill: false,
    contractOwners: true,
  };
  return deepFreeze({
    kind: 'solver',
    id: ADAPTER_ID,
    name: 'UniswapX',
    capabilities,
    targets: (chainId) => [permit2Of(chainOf(options, chainId))],
    bid: (request, signal) => bidOf(options, request, signal),
    orderOf: ({ child, guaranteedOutput, input, payload }) => {
      const { order, sinceBlock } = uniswapXPayload(payload);
      const same = order.nonce === child.order.nonce && order.input.atoms === input.atoms;
      if (!same || order.output.endAtoms !== guaranteedOutput.atoms) {
        throw new SolverOrderForeignError(ADAPTER_ID, 'bid.payload', payload, 'is the order of another bid');
      }
      const id = dutchOrderHash(order);
      return deepFreeze({ id, adapter: ADAPTER_ID, child, input, guaranteedOutput, sinceBlock, calls: [], payload });
    },
    submit: (order, signature, signal) => submitOrder(options, order, ownOrder(order), signature, signal),
    track: async (order, signal) => statusOf(order, await read(options, order, signal)),
    cancel: (order, signal) => {
      throwIfAborted(signal);
      return Promise.resolve(deepFreeze({ calls: [invalidateCall(ownOrder(order))], request: undefined }));
    },
    proveDead: (order, signal) => proofOf(options, order, signal),
    recover: async (order, status, signal) => {
      if (status.state !== 'dead') return [];
      const { permit2, swapper } = ownOrder(order);
      return releaseCalls(
        chainOf(options, order.input.token.chainId).chain,
        order.input.token,
        swapper,
        permit2,
        signal,
      );
    },
  } satisfies SolverAdapter);
}

/** The order in the payload, which has to be the one that the id names. */
function ownOrder({ id, payload }: SolverOrder): DutchOrder {
  const { order } = uniswapXPayload(payload);
  if (dutchOrderHash(order) === id) return order;
  throw new SolverOrderForeignError(ADAPTER_ID, 'order.id', id, 'is not that of the order in its payload');
}

function read(options: UniswapXOptions, order: SolverOrder, signal: AbortSignal): Promise<Fate> {
  const own = ownOrder(order);
  return fateOf(chainOf(options, own.chainId).chain, order, own, signal);
}

function statusOf(order: SolverOrder, fate: Fate): SolverStatus {
  switch (fate.kind) {
    case 'open':
      return Object.freeze({ state: 'open', phase: 'pending' });
    case 'filled':
      return deepFreeze({ state: 'filled', ...fate.fills });
    case 'expired':
      return deepFreeze({ state: 'dead', reason: 'expired', ...nothing(order) });
    case 'invalidated':
      return deepFreeze({ state: 'dead', reason: 'nonce-invalidated', ...nothing(order) });
  }
}

function nothing({ guaranteedOutput, input }: SolverOrder): Fills {
  return {
    drawn: { token: input.token, atoms: 0n },
    received: { token: guaranteedOutput.token, atoms: 0n },
    surplus: 0n,
    txHashes: [],
  };
}

/** Takes the order's nonce away at Permit2: no reactor can draw with its signature afterwards. */
function invalidateCall({ chainId, nonce, permit2 }: DutchOrder): Call {
  const args = [nonce >> 8n, 1n << (nonce & 0xffn)];
  return {
    chainId,
    to: permit2,
    data: permit2Abi.encodeFunctionData('invalidateUnorderedNonces', args) as Hex,
    valueWei: 0n,
    purpose: 'revoke',
    description: 'cancel an order of UniswapX by its nonce',
  };
}

async function proofOf(
  options: UniswapXOptions,
  order: SolverOrder,
  signal: AbortSignal,
): Promise<DeathProof | undefined> {
  const { chainId, deadline } = ownOrder(order);
  const { chain } = chainOf(options, chainId);
  // The final block first: what is read after it can only be newer.
  const final = await chain.block('finalized', signal);
  const fate = await read(options, order, signal);
  const proof = (reason: DeathProof['reason'], fills: Fills, blockNumber: number, sentence: string): DeathProof =>
    deepFreeze({ reason, chainId, blockNumber, sentence, ...fills });
  switch (fate.kind) {
    case 'open':
      return undefined;
    case 'expired':
      if (final.timeSeconds <= deadline) return undefined;
      return proof(
        'expired',
        nothing(order),
        final.number,
        `Final block ${final.number} is past the deadline ${deadline}, and the nonce was never used.`,
      );
    case 'invalidated':
      if (fate.blockNumber > final.number) return undefined;
      return proof(
        'nonce-invalidated',
        nothing(order),
        fate.blockNumber,
        `Its owner used up the nonce in block ${fate.blockNumber}, which is final.`,
      );
    case 'filled':
      if (fate.blockNumber > final.number) return undefined;
      return proof(
        'filled',
        fate.fills,
        fate.blockNumber,
        `It was filled in block ${fate.blockNumber}, which is final.`,
      );
  }
}
