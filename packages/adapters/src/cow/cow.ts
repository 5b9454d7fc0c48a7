import type {
  Cancellation,
  DeathProof,
  Hex,
  SolverAdapter,
  SolverCapabilities,
  SolverOrder,
  SolverStatus,
} from '@evenkeel/core';
import { throwIfAborted } from '../common/abort.js';
import { deepFreeze } from '../common/freeze.js';
import { releaseCalls } from '../common/solver-approvals.js';
import { SolverOrderForeignError, SolverOrderRefusedError } from '../common/solver-errors.js';
import { invalidateOrderCall, orderUid } from '../gpv2/index.js';
import { appDataOf } from './app-data.js';
import { bidOf } from './bid.js';
import { cancellationTypedData } from './cancellation.js';
import { chainOf, type CowOptions, domainOf, idOf, termsOf } from './config.js';
import { type Fate, fateOf } from './fate.js';
import { type CowPayload, cowPayload } from './payload.js';
import { proofOf } from './proof.js';

/**
 * CoW Protocol: orders that solvers settle in batches, at one price a token for all of a batch. The owner signs by key or,
 * as a contract, by ERC-1271; nothing moves before a settlement, which enforces the limit price on whatever part it fills.
 * What the chain says counts: the order book is only how solvers hear of an order.
 *
 * @example
 * ```ts
 * const orderBook = cowOrderBook({ url: 'https://api.cow.fi/mainnet', clock })
 * const solver = cow({ chains: { 1: { chain, settlement, vaultRelayer, orderBook } }, clock })
 * const bid = await solver.bid(request, signal)
 * ```
 */
export function cow(options: CowOptions): SolverAdapter {
  termsOf(options);
  const adapter = idOf(options);
  const capabilities: SolverCapabilities = {
    chains: Object.keys(options.chains).map(Number),
    crossChain: false,
    partialFill: true,
    contractOwners: true,
  };
  const uidOf = ({ chainId, order, owner }: CowPayload): Hex => orderUid(domainOf(options, chainId), order, owner);
  /** The payload of an order, which has to be that of its id. */
  const own = ({ id, payload }: SolverOrder): CowPayload => {
    const parsed = cowPayload(payload, adapter);
    if (uidOf(parsed) === id) return parsed;
    throw new SolverOrderForeignError(adapter, 'order.id', id, 'is not that of the order in its payload');
  };
  const read = (order: SolverOrder, signal: AbortSignal): Promise<Fate> => {
    const payload = own(order);
    return fateOf(chainOf(options, payload.chainId).chain, domainOf(options, payload.chainId), order, payload, signal);
  };
  return deepFreeze({
    kind: 'solver',
    id: adapter,
    name: options.name ?? 'CoW Protocol',
    capabilities,
    targets: (chainId) => {
      const { settlement, vaultRelayer } = chainOf(options, chainId);
      return [settlement, vaultRelayer];
    },
    bid: (request, signal) => bidOf(options, request, signal),
    orderOf: ({ child, guaranteedOutput, input, payload }) => {
      const parsed = cowPayload(payload, adapter);
      const { appData, order, sinceBlock } = parsed;
      const { document, hash } = appDataOf(child.parentId, child.index);
      const named = appData === document && order.appData === hash;
      if (!named || order.sellAmount + order.feeAmount !== input.atoms || order.buyAmount !== guaranteedOutput.atoms) {
        throw new SolverOrderForeignError(adapter, 'bid.payload', payload, 'is the order of another bid');
      }
      const id = uidOf(parsed);
      return deepFreeze({ id, adapter, child, input, guaranteedOutput, sinceBlock, calls: [], payload });
    },
    submit: async (order, signature, signal) => {
      const { appData, chainId, order: signed, owner: from, quoteId, scheme } = own(order);
      const { orderBook } = chainOf(options, chainId);
      const uid = await orderBook.post({ order: signed, appData, from, scheme, signature, quoteId }, signal);
      if (uid === undefined || uid.toLowerCase() === order.id.toLowerCase()) return;
      throw new SolverOrderRefusedError(adapter, order.id, `the order book took it for ${uid}`);
    },
    track: async (order, signal) => statusOf(await read(order, signal)),
    cancel: (order, signal): Promise<Cancellation> => {
      throwIfAborted(signal);
      const domain = domainOf(options, own(order).chainId);
      const calls = [invalidateOrderCall(domain, order.id as Hex)];
      return Promise.resolve(deepFreeze({ calls, request: cancellationTypedData(domain, [order.id as Hex]) }));
    },
    requestCancellation: (order, signature, signal) => {
      const { chainId, scheme } = own(order);
      return chainOf(options, chainId).orderBook.cancel([order.id as Hex], scheme, signature, signal);
    },
    proveDead: async (order, signal): Promise<DeathProof | undefined> => {
      const { chainId, order: signed } = own(order);
      // The final block first: what is read after it can only be newer.
      const final = await chainOf(options, chainId).chain.block('finalized', signal);
      return proofOf(chainId, signed.validTo, final, await read(order, signal));
    },
    recover: async (order, status, signal) => {
      if (status.state !== 'dead') return [];
      const { chainId, owner } = own(order);
      const { chain, vaultRelayer } = chainOf(options, chainId);
      return releaseCalls(chain, order.input.token, owner, vaultRelayer, signal);
    },
  } satisfies SolverAdapter);
}

function statusOf({ fills, kind }: Fate): SolverStatus {
  switch (kind) {
    case 'open':
      return fills.drawn.atoms === 0n
        ? Object.freeze({ state: 'open', phase: 'pending' })
        : deepFreeze({ state: 'partially-filled', ...fills });
    case 'filled':
      return deepFreeze({ state: 'filled', ...fills });
    case 'expired':
      return deepFreeze({ state: 'dead', reason: 'expired', ...fills });
    case 'invalidated':
      return deepFreeze({ state: 'dead', reason: 'cancelled', ...fills });
  }
}
