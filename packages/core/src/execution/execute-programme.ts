import {
  EvenkeelError,
  type Hex,
  IntentExpiredError,
  parseSignedIntent,
  type SignedIntent,
  verifyIntent,
} from '@evenkeel/intents';
import type { GuardReport } from '../guard/guard-calls.js';
import type { CallStep, Programme, Step } from '../model/programme.js';
import { type Address, tokenKey } from '../model/token.js';
import type { Flow, ProgrammeKey, ProgrammeRecord, ProgrammeState, StepOutcome } from '../ports/journal.js';
import { runAwaitTransfer } from './await-transfer.js';
import { end, guardLane, isGood, runCallStep } from './call-step.js';
import {
  accountOf,
  bridgeOf,
  chainOf,
  type Execution,
  execution,
  type ExecutionParts,
  laneOf,
  stepKey,
} from './context.js';
import { assertCovered } from './coverage.js';
import { AccountCannotBatchError, ProgrammeUnknownError } from './errors.js';
import { assertGasFunds } from './outbox.js';
import { validateProgramme } from './validate-programme.js';

export interface ExecuteRequest extends ExecutionParts {
  readonly signedIntent: SignedIntent;
  /** Its `intentId` is that of the signed intent. */
  readonly programme: Programme;
}

export interface StepResult {
  readonly id: string;
  /** `simulated` in a dry run only. */
  readonly state: StepOutcome['state'] | 'simulated';
  /** Stable reason code. */
  readonly code: string;
  readonly sentence: string;
  readonly txHash?: Hex;
}

/** What the programme has changed, summed per (chain, token) over everything but gas. */
export interface NetFlow {
  readonly chainId: number;
  readonly token: Address;
  readonly atoms: bigint;
}

export interface ExecutionResult extends ProgrammeKey {
  /**
   * `completed`: every step is done or was not needed. `stopped`: a step failed, and what depends on it was not sent.
   * `cancelled`: somebody asked for it. `simulated`: a dry run, nothing was sent.
   */
  readonly state: Exclude<ProgrammeState, 'running'> | 'simulated';
  readonly simulated: boolean;
  readonly steps: readonly StepResult[];
  /** Every recorded flow of the slice, gas included. */
  readonly flows: readonly Flow[];
  /** What was kept: after a stop, the funds that are now elsewhere than they were. */
  readonly net: readonly NetFlow[];
  /** What the guard saw at planning; empty on a resumption. */
  readonly guard: readonly GuardReport[];
}

/**
 * Executes one slice of an intent, every step at most once, whatever crashes in between: start it again, or call
 * {@link resumeProgramme}, with the same journal and it goes on where it stood.
 *
 * Verifies the intent's signature, that the intent covers every step, and by simulation that every lane of steps does
 * what it claims, before anything is sent; the guard runs again right before each signature. Steps of different chains
 * run side by side, those of one account on one chain one after another. A step that fails stops what depends on it,
 * and nothing else.
 *
 * @throws INTENT_SIGNATURE_INVALID, INTENT_EXPIRED, PROGRAMME_INVALID, STEP_NOT_COVERED, EXECUTION_PART_MISSING,
 * ACCOUNT_CANNOT_BATCH, GAS_FUNDS_MISSING or a GUARD_* error before anything is sent; STEP_STUCK,
 * TRANSFER_UNTRACKABLE, JOURNAL_*, SIGNER_* and RPC_* errors, or the signal's reason, in the middle: then the programme
 * is still running and can be resumed.
 *
 * @example
 * ```ts
 * const result = await executeProgramme({
 *   signedIntent, programme, accounts: [account], chains, adapters, tokens, journal, clock,
 *   onEvent: (event) => console.log(event.sentence),
 * })
 * ```
 */
export async function executeProgramme(request: ExecuteRequest): Promise<ExecutionResult> {
  const programme = validateProgramme(request.programme);
  const { journal, clock } = request;
  const signed = await verified(request, request.signedIntent);
  assertSameIntent(signed, programme);
  const known = await journal.programme(programme);
  const dryRun = request.options?.dryRun === true;
  if (known !== undefined && !dryRun) {
    // Also finds out that it is not the same programme.
    return run(request, signed, await journal.putProgramme(programme, clock.now()));
  }
  assertInTime(request, signed);
  return withController(request, async (signal) => {
    const planned = execution(request, signed, programme, signal);
    await planned.tell({ type: 'programme-started', sentence: `Slice ${programme.slice} starts.` });
    const reports = await guardProgramme(planned);
    const sentence = `${reports.length} lanes of steps pass the guard.`;
    await planned.tell({ type: 'programme-guarded', reports, sentence });
    if (dryRun) return simulated(planned, reports);
    await journal.putIntent(signed);
    const record = await journal.putProgramme(programme, clock.now());
    return run(request, signed, record, reports);
  });
}

/**
 * Goes on with a programme after a crash, from what the journal holds: stored transactions are sent again as they are,
 * reserved nonces are used or cancelled, transfers are tracked on. Verifies the stored intent's signature first. After
 * the intent's deadline nothing new is sent, but what is under way is brought to its end.
 *
 * @throws PROGRAMME_UNKNOWN and as {@link executeProgramme}
 */
export async function resumeProgramme(parts: ExecutionParts & ProgrammeKey): Promise<ExecutionResult> {
  const { journal, intentId, slice } = parts;
  const [stored, record] = await Promise.all([journal.intent(intentId), journal.programme({ intentId, slice })]);
  if (stored === undefined || record === undefined) throw new ProgrammeUnknownError(intentId, slice);
  return run(parts, await verified(parts, stored), record);
}

/**
 * Asks a programme to end: nothing new is sent, unmined transactions are replaced by cancellations, transfers in
 * flight are tracked to their end. Takes effect in a running execution, and in the next resumption.
 */
export async function cancelProgramme(parts: Pick<ExecutionParts, 'journal'> & ProgrammeKey): Promise<void> {
  await parts.journal.requestCancel({ intentId: parts.intentId, slice: parts.slice });
}

async function run(
  parts: ExecutionParts,
  signed: SignedIntent,
  record: ProgrammeRecord,
  reports: readonly GuardReport[] = [],
): Promise<ExecutionResult> {
  const programme = validateProgramme(record.programme);
  assertSameIntent(signed, programme);
  if (record.state !== 'running') return resultOf(parts, programme, record.state, reports);
  assertParts(parts, programme);
  return withController(parts, async (signal, abort) => {
    const under = execution(parts, signed, programme, signal);
    if (reports.length === 0) {
      await under.tell({ type: 'programme-resumed', sentence: `Slice ${programme.slice} goes on.` });
    }
    const outcomes = await runSteps(under, abort);
    const state = await finalState(under, outcomes);
    await parts.journal.finishProgramme(programme, state);
    await under.tell({ type: 'programme-finished', state, sentence: `Slice ${programme.slice} is ${state}.` });
    return resultOf(parts, programme, state, reports);
  });
}

/** Runs all steps as their predecessors allow; one at a time per lane. */
async function runSteps(under: Execution, abort: (reason: unknown) => void): Promise<readonly StepOutcome[]> {
  const outcomes = new Map<string, Promise<StepOutcome>>();
  const lanes = new Map<string, Promise<unknown>>();
  for (const step of under.programme.steps) {
    const before = Promise.all(step.after.map((id) => outcomes.get(id)!));
    const outcome = before.then(async (ends) => {
      const failed = ends.find((each) => !isGood(each));
      if (failed !== undefined && !(step.kind === 'calls' && step.role === 'revoke'))
        return stopped(under, step, failed);
      if (step.kind === 'await-transfer') return runAwaitTransfer(under, step);
      const lane = laneKey(under, step);
      const turn = (lanes.get(lane) ?? Promise.resolve()).then(() => patiently(under, step));
      lanes.set(
        lane,
        turn.catch(() => undefined),
      );
      return turn;
    });
    // The first failure ends the rest; each is awaited below, so none goes unheard.
    outcome.catch(abort);
    outcomes.set(step.id, outcome);
  }
  const ends = await Promise.allSettled(outcomes.values());
  if (ends.some((each) => each.status === 'rejected')) under.signal.throwIfAborted();
  return ends.filter((each) => each.status === 'fulfilled').map((each) => each.value);
}

/** A node that does not answer is no verdict on a step: ask again, within patience. */
async function patiently(under: Execution, step: CallStep): Promise<StepOutcome> {
  const { clock } = under.parts;
  const startedAtMs = clock.now();
  for (;;) {
    under.signal.throwIfAborted();
    try {
      return await runCallStep(under, step);
    } catch (error) {
      const isSilence = error instanceof EvenkeelError && error.retryable && error.code.startsWith('RPC_');
      if (!isSilence || under.signal.aborted) throw error;
      if (clock.now() - startedAtMs >= under.options.giveUpAfterMs) throw error;
      const sentence = `${step.id} waits: the node answers ${error.code}.`;
      await under.tell({ type: 'step-waiting', step: step.id, code: error.code, sentence });
      await clock.sleep(under.options.pollMs, under.signal);
    }
  }
}

async function stopped(under: Execution, step: Step, failed: StepOutcome): Promise<StepOutcome> {
  const key = stepKey(under, step.id, step.kind === 'calls' ? step.attempt : 0);
  const known = (await under.parts.journal.outcomes(key)).find((each) => each.key.step === step.id);
  if (known !== undefined) return known;
  const sentence = `${step.id} was not sent, because ${failed.key.step} ended with ${failed.code}.`;
  return end(under, key, 'cancelled', 'DEPENDENCY_FAILED', sentence);
}

/** Every lane's whole sequence, before anything is sent. */
async function guardProgramme(under: Execution): Promise<readonly GuardReport[]> {
  const { parts, programme, signed } = under;
  assertParts(parts, programme);
  for (const step of programme.steps) assertCovered(signed.intent, step, accountFor(under, step));
  const reports: GuardReport[] = [];
  for (const steps of lanesOf(under)) {
    const [first] = steps;
    const report = await guardLane(under, steps);
    const gasUsed = report.steps.flatMap((step) => step.gasUsed).reduce((sum, gas) => sum + gas, 0n);
    const account = accountOf(parts, first!.account);
    await assertGasFunds(under, account, chainOf(parts, first!.chainId), gasUsed, steps);
    reports.push(report);
  }
  return Object.freeze(reports);
}

function lanesOf(under: Execution): readonly (readonly CallStep[])[] {
  const lanes = new Map<string, CallStep[]>();
  for (const step of under.programme.steps) {
    if (step.kind !== 'calls') continue;
    const key = laneKey(under, step);
    lanes.set(key, [...(lanes.get(key) ?? []), step]);
  }
  return [...lanes.values()];
}

function laneKey(under: Execution, step: CallStep): string {
  const lane = laneOf(accountOf(under.parts, step.account), step.chainId);
  return `${lane.chainId}/${lane.account.toLowerCase()}/${lane.nonceKey}`;
}

function accountFor(under: Execution, step: Step): ReturnType<typeof accountOf> | undefined {
  if (step.kind === 'calls') return accountOf(under.parts, step.account);
  const source = under.programme.steps.find((each) => each.id === step.source);
  return source?.kind === 'calls' ? accountOf(under.parts, source.account) : undefined;
}

/** Everything that a step names is there before the first is begun. */
function assertParts(parts: ExecutionParts, programme: Programme): void {
  for (const step of programme.steps) {
    if (step.kind === 'await-transfer') {
      bridgeOf(parts, step.bridge);
      chainOf(parts, step.quote.output.token.chainId);
      continue;
    }
    const account = accountOf(parts, step.account);
    chainOf(parts, step.chainId);
    if (step.calls.length > 1 && !account.capabilities.atomicBatch) {
      throw new AccountCannotBatchError(account.id, step.calls.length);
    }
  }
}

/**
 * The signature is checked at every start and every resumption. The deadline is judged apart from it: what is under
 * way when it passes has to be brought to its end.
 */
async function verified(parts: ExecutionParts, signed: SignedIntent): Promise<SignedIntent> {
  const parsed = parseSignedIntent(signed);
  const nowSeconds = Math.floor(parts.clock.now() / 1000);
  const { intent, id, signature } = await verifyIntent(parsed, {
    nowSeconds: Math.min(nowSeconds, parsed.intent.deadline),
    call: async (chainId, to, data) => {
      const { results } = await chainOf(parts, chainId).read([{ to, data }], parts.signal);
      // A revert is a contract's way to say no.
      return results[0]?.success === true ? results[0].data : '0x';
    },
  });
  return { intent, id, signature };
}

function assertInTime(parts: ExecutionParts, { intent, id }: SignedIntent): void {
  const nowSeconds = Math.floor(parts.clock.now() / 1000);
  if (nowSeconds > intent.deadline) throw new IntentExpiredError(id, intent.deadline, nowSeconds);
}

function assertSameIntent(signed: SignedIntent, programme: Programme): void {
  if (signed.id !== programme.intentId) throw new ProgrammeUnknownError(programme.intentId, programme.slice);
}

async function finalState(
  under: Execution,
  outcomes: readonly StepOutcome[],
): Promise<Exclude<ProgrammeState, 'running'>> {
  if (outcomes.every(isGood)) return 'completed';
  return (await under.parts.journal.isCancelRequested(under.programme)) ? 'cancelled' : 'stopped';
}

async function resultOf(
  parts: ExecutionParts,
  programme: Programme,
  state: Exclude<ProgrammeState, 'running'>,
  guard: readonly GuardReport[],
): Promise<ExecutionResult> {
  const { intentId, slice } = programme;
  const outcomes = await parts.journal.outcomes(programme);
  const flows = await parts.journal.flows({ intentId, slice });
  const steps = outcomes.map(({ key, state: ended, code, sentence, txHash }) =>
    Object.freeze({ id: key.step, state: ended, code, sentence, ...(txHash === undefined ? {} : { txHash }) }),
  );
  return Object.freeze({
    intentId,
    slice,
    state,
    simulated: false,
    steps: Object.freeze(steps),
    flows,
    net: netOf(flows),
    guard,
  });
}

/** A dry run ends here: what the guard simulated is what would have happened. */
async function simulated(under: Execution, reports: readonly GuardReport[]): Promise<ExecutionResult> {
  const { intentId, slice, steps } = under.programme;
  const results: StepResult[] = [];
  for (const step of steps) {
    const sentence =
      step.kind === 'calls'
        ? `${step.id} would be sent: ${step.calls.map((call) => call.description).join('; ')}.`
        : `${step.id} would be waited for: ${step.quote.output.atoms} atoms of ${step.quote.output.token.symbol}.`;
    results.push(Object.freeze({ id: step.id, state: 'simulated', code: 'SIMULATED', sentence }));
    await under.tell({ type: 'step-done', step: step.id, code: 'SIMULATED', sentence });
  }
  await under.tell({ type: 'programme-finished', state: 'simulated', sentence: 'Dry run: nothing was sent.' });
  return Object.freeze({
    intentId,
    slice,
    state: 'simulated',
    simulated: true,
    steps: Object.freeze(results),
    flows: Object.freeze([]),
    net: simulatedNet(reports),
    guard: reports,
  });
}

/** Summed per chain and token over everything but gas. */
export function netOf(flows: readonly Flow[]): readonly NetFlow[] {
  return summed(flows.filter((flow) => flow.kind !== 'gas' && flow.kind !== 'l1-fee'));
}

function simulatedNet(reports: readonly GuardReport[]): readonly NetFlow[] {
  return summed(
    reports.flatMap(({ chainId, steps }) =>
      steps.flatMap((step) => step.changes.map(({ token, atoms }) => ({ chainId, token: token.address, atoms }))),
    ),
  );
}

function summed(parts: readonly NetFlow[]): readonly NetFlow[] {
  const byToken = new Map<string, NetFlow>();
  for (const { chainId, token, atoms } of parts) {
    const key = tokenKey({ chainId, address: token });
    byToken.set(key, { chainId, token, atoms: (byToken.get(key)?.atoms ?? 0n) + atoms });
  }
  return Object.freeze([...byToken.values()].filter((each) => each.atoms !== 0n).map((each) => Object.freeze(each)));
}

/** A signal that follows the caller's and that the body can abort, too. */
async function withController<T>(
  parts: Pick<ExecutionParts, 'signal'>,
  body: (signal: AbortSignal, abort: (reason: unknown) => void) => Promise<T>,
): Promise<T> {
  parts.signal?.throwIfAborted();
  const controller = new AbortController();
  const follow = (): void => controller.abort(parts.signal?.reason);
  parts.signal?.addEventListener('abort', follow, { once: true });
  try {
    return await body(controller.signal, (reason) => controller.abort(reason));
  } finally {
    parts.signal?.removeEventListener('abort', follow);
  }
}
