import { EvenkeelError } from '@evenkeel/intents';
import type { Address } from '../../src/model/token.js';
import type { Bid, DeathProof, SolverAdapter, SolverOrder, SolverStatus } from '../../src/ports/solver.js';
import type { VirtualClock } from './virtual-clock.js';

/** What the network does in one block to every order that it knows. */
export type BlockAct = { readonly fillPercent: number; readonly beforeCancellations: boolean };

/** What it says when it is asked, whatever is true. */
export type Say = 'truth' | 'dead' | 'filled' | 'open' | 'garbage' | 'nothing';

export interface ModelNetworkOptions {
  readonly clock: VirtualClock;
  readonly target: Address;
  /** One entry a block, then nothing happens any more. */
  readonly acts: readonly BlockAct[];
  /** One entry a question, then the truth. */
  readonly says: readonly Say[];
  /** Blocks until a cancellation is included. */
  readonly cancelAfterBlocks: number;
  /** Blocks until a block is final. */
  readonly finalAfterBlocks: number;
}

interface Known {
  readonly order: SolverOrder;
  readonly fills: { readonly block: number; readonly atoms: bigint }[];
  invalidatedIn: number | undefined;
}

export interface ModelNetwork {
  readonly adapter: SolverAdapter;
  /** Sends the owner's cancellation; resolves when it is in a block. */
  cancelOnChain(order: SolverOrder): Promise<void>;
  /** Truly drawn so far, over all orders. */
  drawn(): bigint;
  /** Distinct orders whose signature it has seen. */
  seen(): number;
}

const BLOCK_MS = 12_000;
/** What no order pays in the model: received is the guarantee's share, to the atom, rounded up. */
const part = (whole: bigint, atoms: bigint, of: bigint): bigint => (whole * atoms + of - 1n) / of;

export class NetworkFault extends EvenkeelError {
  constructor(retryable: boolean) {
    super('SERVICE_REFUSED', 'The network says no.', { retryable });
  }
}

/**
 * A chain with one kind of order, and a network on it that fills when it likes, in any part, and says what it likes. Only
 * the chain's own rules hold: nothing past the deadline, nothing after a cancellation, never more than was signed.
 */
export function modelNetwork(options: ModelNetworkOptions): ModelNetwork {
  const { acts, clock, finalAfterBlocks } = options;
  const orders = new Map<string, Known>();
  const pending: { readonly id: string; readonly inBlock: number }[] = [];
  const startMs = clock.now();
  const says = [...options.says];
  let mined = 0;
  const latest = (): number => Math.floor((clock.now() - startMs) / BLOCK_MS);
  const timeOf = (block: number): number => Math.floor((startMs + block * BLOCK_MS) / 1000);

  const drawnOf = ({ fills }: Known, upTo = Number.POSITIVE_INFINITY): bigint =>
    fills.filter(({ block }) => block <= upTo).reduce((sum, { atoms }) => sum + atoms, 0n);
  const cancelIn = (block: number): void => {
    for (const { id, inBlock } of pending) {
      const known = orders.get(id);
      if (inBlock === block && known !== undefined) known.invalidatedIn ??= block;
    }
  };
  const fillIn = (block: number, percent: number): void => {
    for (const known of orders.values()) {
      if (known.invalidatedIn !== undefined || timeOf(block) > known.order.child.order.fillDeadline) continue;
      const left = known.order.input.atoms - drawnOf(known);
      const atoms = (left * BigInt(percent)) / 100n;
      if (atoms > 0n) known.fills.push({ block, atoms });
    }
  };
  const mine = (): void => {
    while (mined < latest()) {
      mined += 1;
      const act = acts[mined - 1];
      if (act?.beforeCancellations === true) fillIn(mined, act.fillPercent);
      cancelIn(mined);
      if (act?.beforeCancellations === false) fillIn(mined, act.fillPercent);
    }
  };
  clock.onAdvance(mine);

  const knownOf = (order: SolverOrder): Known => orders.get(order.id) ?? { order, fills: [], invalidatedIn: undefined };
  const fillsOf = (
    known: Known,
    upTo?: number,
  ): Omit<DeathProof, 'reason' | 'chainId' | 'blockNumber' | 'sentence'> => {
    const { guaranteedOutput, input } = known.order;
    const drawn = drawnOf(known, upTo);
    const txHashes = known.fills.map(({ block }): `0x${string}` => `0x${block.toString(16).padStart(64, '0')}`);
    return {
      drawn: { ...input, atoms: drawn },
      received: { ...guaranteedOutput, atoms: part(guaranteedOutput.atoms, drawn, input.atoms) },
      surplus: 0n,
      txHashes,
    };
  };
  const listen = (): Say => {
    const say = says.shift() ?? 'truth';
    if (say === 'nothing') throw new NetworkFault(true);
    if (say === 'garbage') throw new NetworkFault(false);
    return say;
  };

  const adapter: SolverAdapter = Object.freeze<SolverAdapter>({
    kind: 'solver',
    id: 'cow',
    name: 'Model network',
    capabilities: { chains: [1], crossChain: false, partialFill: true, contractOwners: false },
    targets: () => [options.target],
    bid: () => Promise.resolve(undefined),
    orderOf: (bid: Bid, signature) => ({
      id: `${bid.child.order.nonce}/${signature}`,
      adapter: bid.adapter,
      child: bid.child,
      input: bid.input,
      guaranteedOutput: bid.guaranteedOutput,
      sinceBlock: 0,
      calls: [],
      payload: null,
    }),
    submit: async (order) => {
      await Promise.resolve();
      // It has the signature now, whatever it answers.
      if (!orders.has(order.id)) orders.set(order.id, knownOf(order));
      listen();
    },
    track: async (order): Promise<SolverStatus> => {
      await Promise.resolve();
      const say = listen();
      const fills = fillsOf(knownOf(order));
      if (say === 'dead') return { state: 'dead', reason: 'rejected', ...fills };
      if (say === 'filled') return { state: 'filled', ...fills, drawn: order.input };
      return { state: 'open', phase: 'pending' };
    },
    cancel: async (order) => {
      await Promise.resolve();
      listen();
      const call = {
        chainId: 1,
        to: options.target,
        data: '0x',
        valueWei: 0n,
        purpose: 'action',
        description: order.id,
      } as const;
      return { calls: [call], request: undefined };
    },
    proveDead: async (order): Promise<DeathProof | undefined> => {
      await Promise.resolve();
      const known = knownOf(order);
      const blockNumber = latest() - finalAfterBlocks;
      const base = { ...fillsOf(known, blockNumber), chainId: 1, blockNumber, sentence: 'It is over.' };
      if (base.drawn.atoms === order.input.atoms) return { ...base, reason: 'filled' };
      if (known.invalidatedIn !== undefined && known.invalidatedIn <= blockNumber)
        return { ...base, reason: 'cancelled' };
      return timeOf(blockNumber) > order.child.order.fillDeadline ? { ...base, reason: 'expired' } : undefined;
    },
  });

  return {
    adapter,
    cancelOnChain: async (order) => {
      const inBlock = latest() + options.cancelAfterBlocks;
      pending.push({ id: order.id, inBlock });
      while (latest() < inBlock) await clock.sleep(BLOCK_MS);
    },
    drawn: () => [...orders.values()].reduce((sum, known) => sum + drawnOf(known), 0n),
    seen: () => orders.size,
  };
}
