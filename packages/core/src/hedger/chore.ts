import type { SignedIntent } from '@evenkeel/intents';
import { executeProgramme, type ExecutionResult } from '../execution/execute-programme.js';
import type { CallStep, Step } from '../model/programme.js';
import { sameAddress, type Token, type TokenAmount } from '../model/token.js';
import type { Account } from '../ports/account.js';
import { type Reconciliation, reconcile } from '../report/reconcile.js';
import { readBalances } from '../rebalancer/balances.js';
import { bookFlows } from '../rebalancer/book-flows.js';
import { closeOpenTrades } from '../rebalancer/close-trade.js';
import { type Context, executionParts, nowSeconds } from '../rebalancer/context.js';
import { ProgrammeOpenError } from '../rebalancer/errors.js';
import { tokenOfPortfolio } from '../rebalancer/portfolio.js';
import { runningProgrammes } from '../rebalancer/resume.js';
import type { Survey } from '../rebalancer/survey.js';
import { type Executor, executorOf } from './executor.js';
import { signSingle } from './sign-single.js';

/** Something that has to be done for a book and changes no delta: money that becomes margin, options that are paid out. */
export interface Chore {
  /** Whose calls it takes, besides those of bridges. */
  readonly executor: Executor;
  /** Of a bridge that it goes over. */
  readonly bridge?: string;
  readonly chainIds: readonly number[];
  /** The most that it may take, of each token. */
  readonly spends: readonly TokenAmount[];
  readonly steps: readonly Step[];
  /** Tokens that it moves and that the portfolio does not know, as they were held before it. */
  readonly others: readonly TokenAmount[];
  /** The same after it. */
  readonly othersAfter: () => Promise<readonly TokenAmount[]>;
}

export interface ChoreDone {
  readonly signed: SignedIntent;
  readonly execution: ExecutionResult;
  /** Absent of what was only simulated. */
  readonly reconciliation?: Reconciliation;
}

/**
 * Carries a chore out as any trade: an intent that covers it and nothing else, a programme in the journal, each step behind
 * the guard and sent once. After a crash `resume` brings it to its end.
 *
 * @throws {ProgrammeOpenError} PROGRAMME_OPEN; and what signing and {@link executeProgramme} throw
 */
export async function carryOut(
  context: Context,
  before: Survey,
  chore: Chore,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<ChoreDone> {
  const { hub, portfolio, ports } = context;
  if (!dryRun) await assertNoneOpen(context);
  const signed = await signChore(context, before, chore);
  hub.emit('signed', signed);
  const parts = executionParts(context, dryRun, signal);
  const opening = await readBalances(portfolio, ports, chore.chainIds, signal);
  const execution = await executeProgramme({
    ...parts,
    adapters: [executorOf(chore.executor), ...ports.bridges],
    tokens: [...parts.tokens, ...chore.others.map(({ token }) => token)],
    signedIntent: signed,
    programme: { intentId: signed.id, slice: 0, steps: chore.steps },
  });
  if (dryRun) return Object.freeze({ signed, execution });
  const closing = await readBalances(portfolio, ports, chore.chainIds, signal);
  const describe = (chainId: number, address: string): Token =>
    chore.others.find(({ token }) => token.chainId === chainId && sameAddress(token.address, address))?.token ??
    tokenOfPortfolio(portfolio, chainId, address);
  const flows = bookFlows(await ports.journal.flows({ intentId: signed.id }), describe);
  const reconciliation = reconcile({
    opening: [...opening, ...chore.others],
    flows,
    closing: [...closing, ...(await chore.othersAfter())],
  });
  return Object.freeze({ signed, execution, reconciliation });
}

/** @throws {ProgrammeOpenError} PROGRAMME_OPEN */
async function assertNoneOpen(context: Context): Promise<void> {
  const [open] = await runningProgrammes(context);
  if (open === undefined) return closeOpenTrades(context, 'Something else has to be done first.');
  throw new ProgrammeOpenError(context.portfolio.name, open.programme.intentId, open.programme.slice);
}

/** An intent has to say a change: of what changes nothing it is the least there is. */
const LEAST_CHANGE = '0.000000000000000001';

function signChore(context: Context, before: Survey, chore: Chore): Promise<SignedIntent> {
  const { portfolio, ports } = context;
  const { high, low } = before.exposure.delta;
  return signSingle(context, before, {
    deltaChangeUnits: LEAST_CHANGE,
    postTradeDelta: { low, high },
    adapters: [chore.executor.id, ...(chore.bridge === undefined ? [] : [chore.bridge])],
    chainIds: chore.chainIds,
    spends: chore.spends,
    deadline: nowSeconds(ports) + portfolio.limits.deadlineSeconds,
  });
}

export interface StepsInput extends Pick<CallStep, 'adapter' | 'after' | 'calls' | 'nativeFeeWei' | 'role' | 'spends'> {
  /** Their ids begin with it. */
  readonly name: string;
}

/** Calls as steps: one for each, one after another, or one for all where the account makes them atomic. */
export function stepsOf(account: Account, input: StepsInput): readonly CallStep[] {
  const { adapter, after, calls, name, nativeFeeWei, role, spends } = input;
  const base = { kind: 'calls', chainId: calls[0]!.chainId, account: account.id, adapter, attempt: 0 } as const;
  if (account.capabilities.atomicBatch) {
    return [{ ...base, id: name, after, role, calls, spends, receives: [], nativeFeeWei }];
  }
  let before = after;
  return calls.map((call, index): CallStep => {
    const id = `${name}-${index}`;
    const own = { ...base, id, after: before, calls: [call], receives: [] };
    before = [id];
    return call.purpose === 'action'
      ? { ...own, role, spends, nativeFeeWei }
      : { ...own, role: call.purpose, spends: [], nativeFeeWei: 0n };
  });
}
