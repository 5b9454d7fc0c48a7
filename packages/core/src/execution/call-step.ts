import { EvenkeelError } from '@evenkeel/intents';
import { type GuardReport, guardCalls } from '../guard/guard-calls.js';
import {
  decodeTokenCall,
  decodeUint,
  encodeAllowance,
  encodePermit2Allowance,
  PERMIT2_ADDRESS,
} from '../guard/token-calls.js';
import type { Call } from '../model/call.js';
import type { AwaitTransferStep, CallStep } from '../model/programme.js';
import { type Address, type Hex, sameAddress, type TokenAmount } from '../model/token.js';
import type { Reservation, StepKey, StepOutcome } from '../ports/journal.js';
import { accountOf, chainOf, type Execution, laneOf, stepKey, stopReason, targetsOf, tokenOf } from './context.js';
import { assertCovered, remainingSpend } from './coverage.js';
import { JournalStepTakenError } from './journal-errors.js';
import { ORDER_SLICES } from './order-slices.js';
import { priceStep, reserve, signAbandonment, signStep } from './outbox.js';
import { isStillThere, settleReservation } from './settle.js';

/**
 * Brings one call step to its end, from wherever an earlier process has left it: not begun, nonce reserved, signed,
 * sent, or mined. Answers how it ended; what is only interrupted throws and can be run again.
 */
export async function runCallStep(run: Execution, step: CallStep): Promise<StepOutcome> {
  for (;;) {
    try {
      return await proceed(run, step);
    } catch (error) {
      // Another executor on the same journal has taken the step in between: go on from what it has written.
      if (!(error instanceof JournalStepTakenError)) throw error;
    }
  }
}

async function proceed(run: Execution, step: CallStep): Promise<StepOutcome> {
  const { journal } = run.parts;
  const key = stepKey(run, step.id, step.attempt);
  const known = (await journal.outcomes(key)).find((each) => sameStep(each.key, key));
  const reservation = await journal.reservation(key);
  if (reservation?.state === 'filled' && !(await isStillThere(run, step, reservation))) {
    return conclude(run, step, await journal.reopen(reservation.id));
  }
  if (known !== undefined) return known;
  if (reservation === undefined) return begin(run, step, key);
  if (reservation.state !== 'open') return conclude(run, step, reservation);
  if ((await journal.operations(reservation.id)).length === 0) return completeReservation(run, step, reservation);
  return conclude(run, step, await settleReservation(run, step, reservation));
}

/** Nothing is signed yet, and nothing reserved: everything is checked before anything is taken. */
async function begin(run: Execution, step: CallStep, key: StepKey): Promise<StepOutcome> {
  const reason = mayStop(step) ? await stopReason(run) : undefined;
  if (reason !== undefined) return end(run, key, 'cancelled', reason, `${step.id} was not sent: ${reason}.`);
  if (step.role === 'revoke' && (await isNothingToRevoke(run, step))) {
    return end(run, key, 'skipped', 'ALLOWANCE_USED_UP', `${step.id} is not needed: the allowance is zero already.`);
  }
  const price = await verdict(run, key, () => prepare(run, step));
  if ('state' in price) return price;
  const reservation = await reserve(run, step, key);
  const { chainId, nonce } = reservation;
  const sentence = `${step.id} has nonce ${nonce} on ${chainOf(run.parts, chainId).name}.`;
  await run.tell({ type: 'step-reserved', step: step.id, chainId, nonce, sentence });
  return sign(run, step, reservation, price);
}

/**
 * A nonce without a signature: a process died between the two. Nothing was sent for it, so the step may still be
 * signed, if it still passes; otherwise the nonce is used up by a cancellation, for it would block the account.
 */
async function completeReservation(run: Execution, step: CallStep, reservation: Reservation): Promise<StepOutcome> {
  const reason = mayStop(step) ? await stopReason(run) : undefined;
  if (reason !== undefined) return abandon(run, step, reservation, reason, `${step.id} was not sent: ${reason}.`);
  try {
    return await sign(run, step, reservation, await prepare(run, step));
  } catch (error) {
    if (!isVerdict(error)) throw error;
    return abandon(run, step, reservation, error.code, error.message);
  }
}

async function sign(
  run: Execution,
  step: CallStep,
  reservation: Reservation,
  price: Awaited<ReturnType<typeof priceStep>>,
): Promise<StepOutcome> {
  const { hash: txHash } = await signStep(run, step, reservation, price, 0);
  const sentence = `${step.id} is signed: ${txHash}.`;
  await run.tell({ type: 'step-signed', step: step.id, chainId: step.chainId, txHash, sentence });
  return conclude(run, step, await settleReservation(run, step, reservation));
}

async function abandon(
  run: Execution,
  step: CallStep,
  reservation: Reservation,
  code: string,
  sentence: string,
): Promise<StepOutcome> {
  const account = accountOf(run.parts, step.account);
  const abandonment = await signAbandonment(run, account, reservation);
  if (abandonment === undefined) {
    await run.parts.journal.settle(reservation.id, { state: 'cancelled' }, []);
    return end(run, reservation.key, 'cancelled', code, sentence);
  }
  const { hash: txHash } = abandonment;
  await run.tell({ type: 'step-cancelling', step: step.id, chainId: step.chainId, txHash, sentence });
  const settled = await settleReservation(run, step, reservation);
  return settled.state === 'cancelled'
    ? end(run, reservation.key, 'cancelled', code, sentence, settled.finalHash)
    : conclude(run, step, settled);
}

/** A settled reservation as an outcome. */
async function conclude(run: Execution, step: CallStep, reservation: Reservation): Promise<StepOutcome> {
  const { key, finalHash } = reservation;
  switch (reservation.state) {
    case 'open':
      return conclude(run, step, await settleReservation(run, step, reservation));
    case 'filled':
      return reservation.success === true
        ? end(run, key, 'done', 'STEP_FILLED', `${step.id} is done in ${finalHash!}.`, finalHash)
        : end(
            run,
            key,
            'failed',
            'STEP_REVERTED',
            `${step.id} reverted in ${finalHash!}: only gas was spent.`,
            finalHash,
          );
    case 'cancelled':
      return finalHash === undefined
        ? end(run, key, 'cancelled', 'STEP_CANCELLED', `${step.id} was given up before anything was sent to the chain.`)
        : end(run, key, 'cancelled', 'STEP_CANCELLED', `${step.id} was cancelled by ${finalHash}.`, finalHash);
    case 'lost':
      return end(
        run,
        key,
        'failed',
        'NONCE_TAKEN',
        `${step.id} had nonce ${reservation.nonce}, which ${reservation.account} has used for something else.`,
      );
  }
}

/** The last look before signing: cover, simulation, gas. */
async function prepare(run: Execution, step: CallStep): Promise<Awaited<ReturnType<typeof priceStep>>> {
  assertCovered(run.signed.intent, step, accountOf(run.parts, step.account));
  const report = await guardLane(run, await remainingInLane(run, step));
  await run.tell({ type: 'step-guarded', step: step.id, report, sentence: `${step.id} passes the guard.` });
  const gasUsed = report.steps[0]!.gasUsed.reduce((sum, gas) => sum + gas, 0n);
  return priceStep(run, step, gasUsed);
}

/**
 * What is still to be done by the same account on the same chain, this step first: approvals make sense only together
 * with what uses them.
 */
async function remainingInLane(run: Execution, step: CallStep): Promise<readonly CallStep[]> {
  const outcomes = await run.parts.journal.outcomes(run.programme);
  const over = new Set(outcomes.map((outcome) => outcome.key.step));
  const doomed = new Set(outcomes.filter((outcome) => !isGood(outcome)).map((outcome) => outcome.key.step));
  const rest: CallStep[] = [];
  for (const each of run.programme.steps) {
    const isRevoke = each.kind === 'calls' && each.role === 'revoke';
    if (!isRevoke && each.after.some((before) => doomed.has(before))) doomed.add(each.id);
    if (each.kind !== 'calls' || each.id === step.id || over.has(each.id) || doomed.has(each.id)) continue;
    if (each.chainId === step.chainId && each.account === step.account) rest.push(each);
  }
  return [step, ...rest];
}

/** Simulates steps of one lane, in the given order, with the funds that their bridges have yet to bring. */
export async function guardLane(run: Execution, steps: readonly CallStep[]): Promise<GuardReport> {
  const { parts, signed, programme } = run;
  const [first] = steps;
  const { chainId } = first!;
  const chain = chainOf(parts, chainId);
  const account = accountOf(parts, first!.account);
  const recipient = signed.intent.spending.find((limit) => limit.chainId === chainId)?.recipient;
  const flows = await parts.journal.flows({ intentId: programme.intentId });
  const overrides = parts.overrides?.[chainId];
  return guardCalls(
    {
      chain,
      account: account.addressOn(chainId),
      ...(recipient === undefined ? {} : { recipient }),
      steps,
      targets: targetsOf(parts, steps, chainId),
      tokens: parts.tokens.filter((token) => token.chainId === chainId),
      maxSpend: remainingSpend(signed.intent, chainId, flows, (address) => tokenOf(parts, chainId, address)),
      incoming: await incomingFunds(run, steps),
      // Only approvals ahead of an order stand there alone; what is planned for a route uses its own up.
      keepAllowances: programme.slice >= ORDER_SLICES && steps.every(({ role }) => role === 'approve'),
      ...(overrides === undefined ? {} : { overrides }),
    },
    run.signal,
  );
}

/** The least that unfinished transfers, which any of the steps waits for, will bring to the steps' account. */
async function incomingFunds(run: Execution, steps: readonly CallStep[]): Promise<readonly TokenAmount[]> {
  const over = new Set((await run.parts.journal.outcomes(run.programme)).map((outcome) => outcome.key.step));
  const [first] = steps;
  const own = accountOf(run.parts, first!.account).addressOn(first!.chainId);
  return awaitedBy(run, steps)
    .filter((wait) => !over.has(wait.id) && sameAddress(wait.recipient, own))
    .filter((wait) => wait.quote.output.token.chainId === first!.chainId)
    .map((wait) => ({ token: wait.quote.output.token, atoms: wait.quote.minReceived }));
}

/** Waits among the ancestors of the steps. */
function awaitedBy(run: Execution, steps: readonly CallStep[]): readonly AwaitTransferStep[] {
  const wanted = new Set(steps.map((step) => step.id));
  const waits: AwaitTransferStep[] = [];
  for (const step of [...run.programme.steps].reverse()) {
    if (!wanted.has(step.id)) continue;
    for (const before of step.after) wanted.add(before);
    if (step.kind === 'await-transfer') waits.push(step);
  }
  return waits;
}

/** True when every allowance that the step takes away is zero by now, as it is after an exact approval was used. */
async function isNothingToRevoke(run: Execution, step: CallStep): Promise<boolean> {
  const owner = laneOf(accountOf(run.parts, step.account), step.chainId).account;
  const reads = step.calls.map((call) => allowanceRead(owner, call));
  if (reads.some((read) => read === undefined)) return false;
  const known = reads.filter((read) => read !== undefined);
  const { results } = await chainOf(run.parts, step.chainId).read(known, run.signal);
  return results.every((result) => result.success && decodeUint(result.data) === 0n);
}

function allowanceRead(owner: Address, call: Call): { readonly to: Address; readonly data: Hex } | undefined {
  const decoded = decodeTokenCall(call.data);
  if (decoded.kind === 'approve' && decoded.atoms === 0n) {
    return { to: call.to, data: encodeAllowance(owner, decoded.spender) };
  }
  if (decoded.kind === 'permit2-approve' && decoded.atoms === 0n && sameAddress(call.to, PERMIT2_ADDRESS)) {
    return { to: call.to, data: encodePermit2Allowance(owner, decoded.token, decoded.spender) };
  }
  return undefined;
}

/** Runs a check; a refusal becomes the step's outcome, anything else is thrown on. */
async function verdict<T extends object>(
  run: Execution,
  key: StepKey,
  check: () => Promise<T>,
): Promise<T | StepOutcome> {
  try {
    return await check();
  } catch (error) {
    if (!isVerdict(error)) throw error;
    return end(run, key, 'failed', error.code, error.message);
  }
}

/** Errors that say something about the step. All others say something about the world, and may pass. */
function isVerdict(error: unknown): error is EvenkeelError {
  if (!(error instanceof EvenkeelError)) return false;
  return error.code.startsWith('GUARD_') || error.code === 'STEP_NOT_COVERED' || error.code === 'GAS_FUNDS_MISSING';
}

/** Steps that take risk away go on when everything else has to stop. */
function mayStop(step: CallStep): boolean {
  return step.role !== 'revoke' && step.role !== 'recover';
}

export function isGood(outcome: StepOutcome): boolean {
  return outcome.state === 'done' || outcome.state === 'skipped';
}

export function sameStep(a: StepKey, b: StepKey): boolean {
  return a.step === b.step && a.attempt === b.attempt;
}

/** Writes an outcome down and tells it; answers what is stored. */
export async function end(
  run: Execution,
  key: StepKey,
  state: StepOutcome['state'],
  code: string,
  sentence: string,
  txHash?: Hex,
): Promise<StepOutcome> {
  const hash = txHash === undefined ? {} : { txHash };
  const outcome = await run.parts.journal.putOutcome({ key, state, code, sentence, ...hash });
  await run.tell({ type: `step-${outcome.state}`, step: key.step, code, sentence, ...hash });
  return outcome;
}
