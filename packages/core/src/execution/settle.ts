import { EvenkeelError } from '@evenkeel/intents';
import type { CallStep } from '../model/programme.js';
import type { Account } from '../ports/account.js';
import type { Chain, Receipt } from '../ports/chain.js';
import type { Reservation, Settlement, StoredOperation } from '../ports/journal.js';
import { accountOf, chainOf, codeOf, type Execution, stopReason } from './context.js';
import { StepStuckError } from './errors.js';
import { flowKindOf, flowsOfTransaction } from './flows.js';
import { signCancellation, signReplacement } from './outbox.js';

// The second half of the outbox: broadcast what is stored, wait until the nonce is used up for good, by whichever of
// its transactions, and write down which.

/** What a step's nonce is followed with. */
interface Pursuit {
  readonly run: Execution;
  readonly step: CallStep;
  readonly account: Account;
  readonly chain: Chain;
  readonly reservation: Reservation;
}

interface Sighting {
  readonly operation: StoredOperation;
  readonly receipt: Receipt;
}

/**
 * Follows an open reservation that has at least one signed operation to its end. The stored bytes are what is sent, at
 * once and again whenever they seem to have been dropped; a new signature is made only for the same nonce, at a higher
 * price or as a cancellation, and is stored before it is sent.
 *
 * @throws STEP_STUCK when nothing has moved for `giveUpAfterMs`; the reservation stays open
 */
export async function settleReservation(
  run: Execution,
  step: CallStep,
  reservation: Reservation,
): Promise<Reservation> {
  const account = accountOf(run.parts, step.account);
  const pursuit: Pursuit = { run, step, account, chain: chainOf(run.parts, step.chainId), reservation };
  const { clock, journal } = run.parts;
  const startedAtMs = clock.now();
  let sentAtMs: number | undefined;
  let sentHash: string | undefined;
  let strangerSinceMs: number | undefined;
  let seen: Sighting | undefined;
  let lastError: EvenkeelError | undefined;

  for (;;) {
    run.signal.throwIfAborted();
    try {
      const operations = await journal.operations(reservation.id);
      const sighting = await findReceipt(pursuit, operations);
      if (seen !== undefined && sighting?.receipt.blockHash !== seen.receipt.blockHash)
        await tellReorganised(pursuit, seen);
      seen = sighting;
      if (sighting !== undefined) {
        strangerSinceMs = undefined;
        if (await isFinal(pursuit, sighting.receipt)) return await recordFill(pursuit, sighting);
      } else if ((await usedNonces(pursuit)) > reservation.nonce) {
        // The chain has used the nonce, and none of our hashes has a receipt: a lagging node, or somebody else's hand.
        strangerSinceMs ??= clock.now();
        if (clock.now() - strangerSinceMs >= run.options.lostAfterMs) {
          return await journal.settle(reservation.id, { state: 'lost' }, []);
        }
      } else if (await isGivenUp(pursuit, operations)) {
        return await journal.settle(reservation.id, { state: 'cancelled' }, []);
      } else {
        strangerSinceMs = undefined;
        const latest = await replaceIfNeeded(pursuit, operations);
        const isDue = sentAtMs === undefined || clock.now() - sentAtMs >= run.options.rebroadcastMs;
        if (isDue || latest.hash !== sentHash) {
          await account.submission.send(pursuit.chain, latest, run.signal);
          if (latest.hash !== sentHash) await tellSent(pursuit, latest);
          [sentAtMs, sentHash] = [clock.now(), latest.hash];
        }
        lastError = undefined;
      }
    } catch (error) {
      // A node that fails leaves open what happened; the stored copy can be sent again, so looking again is safe.
      if (!isTransient(run, error)) throw error;
      if (error.code !== lastError?.code) await tellWaiting(pursuit, error);
      lastError = error;
    }
    if (clock.now() - startedAtMs >= run.options.giveUpAfterMs) throw await stuck(pursuit, lastError);
    await clock.sleep(run.options.pollMs, run.signal);
  }
}

/** Whether a filled reservation is still in the chain: a reorganisation may have undone it while nobody looked. */
export async function isStillThere(run: Execution, step: CallStep, reservation: Reservation): Promise<boolean> {
  if (reservation.finalHash === undefined) return true;
  const account = accountOf(run.parts, step.account);
  const chain = chainOf(run.parts, step.chainId);
  return (await account.submission.receipt(chain, reservation.finalHash, run.signal)) !== null;
}

/** Any hash of the nonce counts, the latest first: it is the likeliest. */
async function findReceipt(pursuit: Pursuit, operations: readonly StoredOperation[]): Promise<Sighting | undefined> {
  const { account, chain, run } = pursuit;
  for (const operation of [...operations].reverse()) {
    const receipt = await account.submission.receipt(chain, operation.hash, run.signal);
    if (receipt !== null) return { operation, receipt };
  }
  return undefined;
}

/** Deep enough, and in a block that is still part of the chain. */
async function isFinal({ run, chain }: Pursuit, receipt: Receipt): Promise<boolean> {
  const head = await chain.block('latest', run.signal);
  const depth = head.number - receipt.blockNumber + 1;
  if (depth < (run.options.confirmations?.[chain.id] ?? 1)) return false;
  const block = head.number === receipt.blockNumber ? head : await chain.block(receipt.blockNumber, run.signal);
  return block.hash === receipt.blockHash;
}

function usedNonces({ account, chain, reservation, run }: Pursuit): Promise<bigint> {
  return account.submission.usedNonces(chain, reservation.account, reservation.nonceKey, run.signal);
}

async function recordFill({ run, step, reservation }: Pursuit, { operation, receipt }: Sighting): Promise<Reservation> {
  const isStep = operation.purpose === 'step';
  const settlement: Settlement = {
    state: isStep ? 'filled' : 'cancelled',
    finalHash: operation.hash,
    success: receipt.success,
  };
  const valueWei = isStep ? step.calls.reduce((sum, call) => sum + call.valueWei, 0n) : 0n;
  const context = {
    key: reservation.key,
    chainId: reservation.chainId,
    holder: reservation.account,
    tokens: run.parts.tokens.filter((token) => token.chainId === reservation.chainId).map((token) => token.address),
    kind: flowKindOf(step.role),
  };
  return run.parts.journal.settle(reservation.id, settlement, flowsOfTransaction(context, receipt, valueWei));
}

/** Nothing of an irrevocable operation will happen: it is dead, or it has not arrived and is not wanted any more. */
async function isGivenUp(pursuit: Pursuit, operations: readonly StoredOperation[]): Promise<boolean> {
  const { account, chain, run } = pursuit;
  const last = operations[operations.length - 1]!;
  const standing = await account.submission.standing?.(chain, last.hash, run.signal);
  if (standing === undefined || standing === 'waiting') return false;
  return standing === 'dead' || (await unwantedBecause(pursuit)) !== undefined;
}

async function unwantedBecause({ run, step }: Pursuit): Promise<string | undefined> {
  return step.role === 'revoke' || step.role === 'recover' ? undefined : stopReason(run);
}

/** The operation to send now: a cancellation when the step is not wanted any more, a dearer copy when it is stuck. */
async function replaceIfNeeded(pursuit: Pursuit, operations: readonly StoredOperation[]): Promise<StoredOperation> {
  const { run, step, account, reservation } = pursuit;
  const last = operations[operations.length - 1]!;
  if (account.capabilities.irrevocable === true) return last;
  const reason = await unwantedBecause(pursuit);
  const isStuck = run.parts.clock.now() - last.signedAtMs >= run.options.replaceAfterMs;
  const cancelling = last.purpose === 'cancellation';
  if (reason !== undefined && !cancelling) {
    const cancellation = await signCancellation(run, account, reservation, last);
    if (cancellation === undefined) return last;
    await tellReplaced(pursuit, cancellation, 'step-cancelling', `cancelling: ${reason}`);
    return cancellation;
  }
  if (!isStuck) return last;
  const replacement = cancelling
    ? await signCancellation(run, account, reservation, last)
    : await signReplacement(run, step, reservation, last);
  if (replacement === undefined) return last;
  await tellReplaced(pursuit, replacement, 'step-replaced', `replaced at ${replacement.maxFeePerGasWei} wei per gas`);
  return replacement;
}

/** Errors after which looking again is the right thing: the chain's and the relay's, not the journal's or the signer's. */
function isTransient(run: Execution, error: unknown): error is EvenkeelError {
  if (run.signal.aborted) return false;
  return error instanceof EvenkeelError && !/^(?:JOURNAL|SIGNER|ACCOUNT)_/.test(error.code);
}

async function stuck(
  { run, step, reservation }: Pursuit,
  lastError: EvenkeelError | undefined,
): Promise<StepStuckError> {
  const open = await run.parts.journal.openReservations(reservation);
  const blockers = open.filter((each) => each.nonce < reservation.nonce);
  const names = blockers.map(({ key, nonce }) => `nonce ${nonce}: step ${key.step} of intent ${key.intentId}`);
  return new StepStuckError(step.id, reservation, reservation.nonce, names, lastError ? { cause: lastError } : {});
}

function tellSent({ run, step, chain }: Pursuit, { hash }: StoredOperation): Promise<void> {
  const sentence = `${step.id} sent to ${chain.name} as ${hash}.`;
  return run.tell({ type: 'step-sent', step: step.id, chainId: chain.id, txHash: hash, sentence });
}

function tellReplaced(
  { run, step, chain }: Pursuit,
  { hash }: StoredOperation,
  type: 'step-replaced' | 'step-cancelling',
  what: string,
): Promise<void> {
  return run.tell({ type, step: step.id, chainId: chain.id, txHash: hash, sentence: `${step.id} ${what}.` });
}

function tellReorganised({ run, step, chain }: Pursuit, { operation, receipt }: Sighting): Promise<void> {
  const sentence = `${step.id} was in block ${receipt.blockNumber} of ${chain.name}, which a reorganisation has undone.`;
  return run.tell({ type: 'step-reorganised', step: step.id, chainId: chain.id, txHash: operation.hash, sentence });
}

function tellWaiting({ run, step, chain }: Pursuit, error: EvenkeelError): Promise<void> {
  const sentence = `${step.id} waits: ${chain.name} answers ${codeOf(error)}.`;
  return run.tell({ type: 'step-waiting', step: step.id, code: error.code, sentence });
}
