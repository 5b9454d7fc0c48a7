import { EvenkeelError } from '@evenkeel/intents';
import type { Clock } from '../../src/ports/ambient.js';
import type { Bid, DeathProof, Fills, SolverAdapter, SolverOrder, SolverStatus } from '../../src/ports/solver.js';
import { SETTLER } from './bids.js';

/** What happens to every order of a {@link modelNetwork}, by the clock, in unix seconds. */
export interface Script {
  /** Parts per thousand of the input that are drawn, and when. */
  readonly fills?: readonly { readonly at: number; readonly permille: bigint }[];
  /** How long after its end a block is final. */
  readonly finalitySeconds?: number;
  /** What `submit` throws after the network has taken the order. */
  readonly submitFails?: boolean;
  /** Looks of which each odd one fails. */
  readonly flaky?: boolean;
  /** Whether a cancellation is possible on chain. */
  readonly cancellable?: boolean;
}

export interface ModelNetwork extends SolverAdapter {
  /** What was asked of it, in order. */
  readonly log: string[];
  /** Its owner's cancellation is mined. */
  mineCancellation(): void;
}

/** A network in memory that fills by script, and can never fill again what it has proven dead. */
export function modelNetwork(bid: Bid, clock: Clock, script: Script = {}): ModelNetwork {
  const { cancellable = true, fills = [], finalitySeconds = 60, flaky = false, submitFails = false } = script;
  const log: string[] = [];
  let submitted = false;
  let cancelledAt = Infinity;
  let looks = 0;
  const now = (): number => clock.now() / 1000;
  const endsAt = (): number => Math.min(bid.child.order.fillDeadline, cancelledAt);
  const fillsAt = (time: number): Fills => {
    const done = fills.filter(({ at }) => submitted && at <= time && at <= endsAt());
    const permille = done.reduce((sum, each) => sum + each.permille, 0n);
    const atoms = (of: bigint): bigint => (of * permille) / 1000n;
    return {
      drawn: { token: bid.input.token, atoms: atoms(bid.input.atoms) },
      received: { token: bid.guaranteedOutput.token, atoms: atoms(bid.guaranteedOutput.atoms) },
      surplus: 0n,
      txHashes: [],
    };
  };
  const reason = (): 'cancelled' | 'expired' => (cancelledAt < bid.child.order.fillDeadline ? 'cancelled' : 'expired');
  const adapter: ModelNetwork = {
    kind: 'solver',
    id: bid.adapter,
    name: 'Model network',
    capabilities: { chains: [1], crossChain: false, partialFill: true, contractOwners: false },
    log,
    targets: () => [SETTLER],
    bid: () => Promise.resolve(bid),
    orderOf: (of) => ({
      id: of.id,
      adapter: of.adapter,
      child: of.child,
      input: of.input,
      guaranteedOutput: of.guaranteedOutput,
      sinceBlock: 1,
      calls: [],
      payload: {},
    }),
    submit: () => {
      log.push('submit');
      submitted = true;
      return submitFails ? Promise.reject(new Unreachable()) : Promise.resolve();
    },
    track: () => {
      looks += 1;
      if (flaky && looks % 2 === 1) return Promise.reject(new Unreachable());
      return Promise.resolve(statusAt());
    },
    cancel: () => {
      log.push('cancel');
      const call = {
        chainId: 1,
        to: SETTLER,
        data: '0x',
        valueWei: 0n,
        purpose: 'action',
        description: 'cancel',
      } as const;
      return Promise.resolve({ calls: cancellable ? [call] : [], request: undefined });
    },
    proveDead: () => {
      log.push('prove');
      const final = now() - finalitySeconds;
      const whole = fillsAt(final).drawn.atoms === bid.input.atoms;
      if (!whole && final <= endsAt()) return Promise.resolve(undefined);
      const proof: DeathProof = {
        ...fillsAt(final),
        reason: whole ? 'filled' : reason(),
        chainId: 1,
        blockNumber: 1,
        sentence: 'By script.',
      };
      return Promise.resolve(proof);
    },
    mineCancellation: () => {
      cancelledAt = now();
    },
  };
  const statusAt = (): SolverStatus => {
    const done = fillsAt(now());
    if (done.drawn.atoms === bid.input.atoms) return { state: 'filled', ...done };
    if (now() > endsAt()) return { state: 'dead', reason: reason(), ...done };
    return done.drawn.atoms > 0n ? { state: 'partially-filled', ...done } : { state: 'open', phase: 'pending' };
  };
  return adapter;
}

class Unreachable extends EvenkeelError {
  constructor() {
    super('UNREACHABLE', 'The model network cannot be reached.', { retryable: true });
  }
}

export type { SolverOrder };
