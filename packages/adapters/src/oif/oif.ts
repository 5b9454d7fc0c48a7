import { type Bid, type Hex, type JsonValue, type SolverAdapter, type SolverOrder } from '@evenkeel/core';
import { InvalidInputError, permit2TypedData, type TypedDataPayload } from '@evenkeel/intents';
import { throwIfAborted } from '../common/abort.js';
import { configuredOn } from '../common/configured-on.js';
import { QuoteInconsistentError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { bidOf } from './bid.js';
import { oifClient } from './client.js';
import { checkOptions, type OifOptions, permit2Of } from './config.js';
import { OifOrderRefusedError } from './errors.js';
import { cancellationOf, proveOrderDead, refundCalls, trackOrder } from './follow.js';
import { orderIdOf } from './order-state.js';
import { oifPayload } from './payload.js';

/**
 * The Open Intents Framework: a StandardOrder that is signed once for Permit2, quoted and submitted by the OIF API
 * (`@openintentsframework/oif-specs` 1.0.0), drawn into escrow on one chain and filled on any.
 *
 * The service prices and fills; it is believed in nothing else. What is signed is built here, of quoted terms that were
 * held against the request and the contracts that are trusted, under a nonce that names the parent intent. Where an order
 * stands is read from the chains, and that it is dead from final blocks.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. Its functions throw QUOTE_INCONSISTENT,
 * OIF_ORDER_REFUSED, OIF_CLAIMED_UNFILLED, SERVICE_*, RPC_* and CHILD_ORDER_* errors.
 * @example
 * ```ts
 * const solver = oif({ apiUrl: 'https://solver.example', chains: { 1: { chain, inputSettler, outputSettler, inputOracle,
 *   outputOracle }, 10: { … } }, clock });
 * const bid = await solver.bid(request, signal);
 * ```
 */
export function oif(options: OifOptions): SolverAdapter & Required<Pick<SolverAdapter, 'recover'>> {
  checkOptions(options);
  const { chains, id = 'oif', name = 'Open Intents' } = options;
  const client = oifClient(options);
  const originOf = (chainId: number) => configuredOn(id, chains, chainId);
  return deepFreeze({
    kind: 'solver',
    id,
    name,
    capabilities: {
      chains: Object.keys(chains).map(Number),
      crossChain: true,
      partialFill: false,
      contractOwners: true,
    },
    targets: (chainId) => {
      const config = chains[chainId];
      return config === undefined ? [] : [permit2Of(config), config.inputSettler];
    },
    bid: async (request, signal) => {
      throwIfAborted(signal);
      return bidOf(options, client, request, signal);
    },
    orderOf: (bid: Bid): SolverOrder => {
      const { child, guaranteedOutput, input, payload } = bid;
      const { originBlock, orderId } = oifPayload(bid);
      if (orderId !== orderIdOf({ child }, originOf(child.order.originChainId))) {
        throw new InvalidInputError('bid.payload', orderId, "is another order's", 'Hand back the bid as it was made.');
      }
      return deepFreeze<SolverOrder>({
        id: orderId,
        adapter: id,
        child,
        input,
        guaranteedOutput,
        sinceBlock: originBlock,
        calls: [],
        payload,
      });
    },
    submit: async (order, signature, signal) => {
      const origin = originOf(order.child.order.originChainId);
      const typed = permit2TypedData(order.child.order, {
        spender: origin.inputSettler,
        permit2: permit2Of(origin),
      });
      const {
        message = 'no reason given',
        orderId,
        status,
      } = await client.submit(orderBody(typed, signature, oifPayload(order).quoteId), signal);
      if (status !== 'received') throw new OifOrderRefusedError(name, order.id, status, message);
      if (orderId !== undefined && orderId.toLowerCase() !== order.id) {
        throw new QuoteInconsistentError(id, 'orderId', `is ${orderId}, the settler's is ${order.id}`);
      }
    },
    track: async (order, signal) => deepFreeze(await trackOrder(options, client, order, signal)),
    cancel: async (order, signal) => deepFreeze(await cancellationOf(options, order, signal)),
    proveDead: async (order, signal) => deepFreeze(await proveOrderDead(options, order, signal)),
    recover: (order, status) => new Promise((resolve) => resolve(deepFreeze(refundCalls(options, order, status)))),
  } satisfies SolverAdapter);
}

/** `PostOrderRequest`. The signature carries the byte that says "signed for Permit2" to the settler. */
function orderBody(typed: TypedDataPayload, signature: Hex, quoteId: string | null): JsonValue {
  const { domain, message, primaryType, types } = typed;
  return {
    order: {
      type: 'oif-escrow-v0',
      payload: { signatureType: 'eip712', domain, primaryType, message, types } as unknown as JsonValue,
    },
    signature: `0x00${signature.slice(2)}`,
    originSubmission: { mode: 'protocol', schemes: ['permit2'] },
    ...(quoteId === null ? {} : { quoteId }),
  };
}
