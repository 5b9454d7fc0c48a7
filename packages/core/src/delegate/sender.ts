import type { RebalanceIntent, SignedIntent } from '@evenkeel/intents';
import type { ExecutionParts } from '../execution/context.js';
import { resumeProgramme } from '../execution/execute-programme.js';
import { ORDER_SLICES } from '../execution/order-slices.js';
import type { Call } from '../model/call.js';
import type { CallStep, Programme, StepRole } from '../model/programme.js';
import { sameAddress, type TokenAmount } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { SolverAdapter } from '../ports/solver.js';
import type { VenueAdapter } from '../ports/venue.js';
import type { Delegation } from './delegation.js';

/** What the owner sends around an order: approvals before it, its opening, its cancellation, what fetches the rest. */
export type SendPurpose = 'approve' | 'open' | 'cancel' | 'recover' | 'revoke';

/**
 * Sends the owner's calls and answers whether they are all done. Called again for the same purpose of the same order, it
 * goes on with what it has begun instead of sending twice.
 */
export type Sender = (
  delegation: Pick<Delegation, 'index' | 'intentId' | 'order'>,
  purpose: SendPurpose,
  calls: readonly Call[],
  signal: AbortSignal,
) => Promise<boolean>;

const ROLES: Readonly<Record<SendPurpose, StepRole>> = {
  approve: 'approve',
  open: 'swap',
  cancel: 'recover',
  recover: 'recover',
  revoke: 'revoke',
};
const PURPOSES = Object.keys(ROLES) as readonly SendPurpose[];
/** Programmes that may be begun for one purpose: one that was stopped is not begun again, but another one is. */
const TRIES = 10;

export interface ProgrammeSenderOptions {
  readonly signedIntent: SignedIntent;
  readonly account: Account;
  readonly solvers: readonly SolverAdapter[];
  readonly execution: Omit<ExecutionParts, 'accounts' | 'adapters' | 'signal'>;
}

/** Slices of the programmes around the order of one child: its approvals, its cancellation and the like. */
export function orderSlots(index: number): { readonly first: number; readonly last: number } {
  const first = ORDER_SLICES + index * PURPOSES.length * TRIES;
  return { first, last: first + PURPOSES.length * TRIES - 1 };
}

/**
 * A sender that makes a journaled programme of the calls: guarded by simulation, each step at most once, whatever
 * crashes. What takes risk away goes out also after the intent's deadline.
 *
 * @example
 * ```ts
 * const send = programmeSender({ signedIntent, account, solvers, execution: { chains, tokens, journal, clock } })
 * ```
 */
export function programmeSender({ account, execution, signedIntent, solvers }: ProgrammeSenderOptions): Sender {
  const { clock, journal } = execution;
  const adapters = solvers.map(asVenue);
  return async ({ index, intentId, order }, purpose, calls, signal) => {
    if (calls.length === 0) return true;
    await journal.putIntent(signedIntent);
    const slot = orderSlots(index).first + PURPOSES.indexOf(purpose) * TRIES;
    for (let slice = slot; slice < slot + TRIES; slice += 1) {
      const key = { intentId, slice };
      const known = await journal.programme(key);
      if (known?.state === 'completed') return true;
      if (known !== undefined && known.state !== 'running') continue;
      if (known === undefined) {
        const most = mostOf(signedIntent.intent, order);
        await journal.putProgramme(programmeOf(key, account, order, purpose, calls, most), clock.now());
      }
      const parts = { ...execution, accounts: [account], adapters, signal };
      return (await resumeProgramme({ ...parts, ...key })).state === 'completed';
    }
    return false;
  };
}

function programmeOf(
  key: Pick<Programme, 'intentId' | 'slice'>,
  account: Account,
  order: Delegation['order'],
  purpose: SendPurpose,
  calls: readonly Call[],
  most: TokenAmount,
): Programme {
  const step = (own: readonly Call[], number: number): CallStep => ({
    kind: 'calls',
    id: `${purpose}-${number}`,
    after: number === 0 ? [] : [`${purpose}-${number - 1}`],
    chainId: own[0]!.chainId,
    account: account.id,
    adapter: order.adapter,
    role: ROLES[purpose],
    calls: own,
    spends: spendsOf(purpose, number === calls.length - 1 || own === calls, order, most),
    receives: [],
    nativeFeeWei: own.reduce((sum, { valueWei }) => sum + valueWei, 0n),
    attempt: 0,
  });
  const steps = account.capabilities.atomicBatch ? [step(calls, 0)] : calls.map((call, number) => step([call], number));
  return { ...key, steps };
}

/** What the steps may take; approvals take nothing, and may allow what the intent lets be spent in all its orders. */
function spendsOf(
  purpose: SendPurpose,
  isLast: boolean,
  order: Delegation['order'],
  most: TokenAmount,
): CallStep['spends'] {
  if (!isLast) return [];
  return purpose === 'open' ? [order.input] : purpose === 'approve' ? [most] : [];
}

function mostOf({ spending }: RebalanceIntent, { input }: Delegation['order']): TokenAmount {
  const { address, chainId } = input.token;
  const limit = spending.find((each) => each.chainId === chainId && sameAddress(each.token, address));
  return { token: input.token, atoms: limit?.maxSpend ?? 0n };
}

/** The executor asks venues and bridges for their targets; for that, a network is a venue without a market. */
function asVenue(solver: SolverAdapter): VenueAdapter {
  const { id, name } = solver;
  return Object.freeze({
    kind: 'venue',
    id,
    name,
    capabilities: { chains: [], curve: false, quote: false },
    targets: (chainId: number) => solver.targets(chainId),
    build: () => [],
  });
}
