import type { CallStep } from '../model/programme.js';
import type { Account } from '../ports/account.js';
import type { ProgrammeRecord, Reservation } from '../ports/journal.js';
import { chainOf, type Execution, execution, type ExecutionParts, laneOf } from './context.js';
import { signAbandonment } from './outbox.js';
import { settleReservation } from './settle.js';

/**
 * Frees the accounts of what nobody will come back for: open reservations of programmes that have ended or whose
 * intent has expired. An abandoned nonce blocks every later one of its account, so one that was never signed for is
 * used up by a cancellation, and a stored transaction is sent again and followed to its end.
 *
 * Run it when a process starts, before anything is executed. Programmes that still run are left alone: resume them.
 *
 * @returns the reservations that were settled, lowest nonce first per lane.
 * @throws STEP_STUCK, JOURNAL_*, SIGNER_* and RPC_* errors
 */
export async function recoverReservations(parts: ExecutionParts): Promise<readonly Reservation[]> {
  const settled: Reservation[] = [];
  for (const account of parts.accounts) {
    for (const chain of parts.chains) {
      for (const reservation of await parts.journal.openReservations(laneOf(account, chain.id))) {
        const abandoned = await abandonedBy(parts, reservation);
        if (abandoned !== undefined) settled.push(await free(parts, account, reservation, abandoned));
      }
    }
  }
  return Object.freeze(settled);
}

/** The programme that has left the reservation behind; undefined while somebody may still resume it. */
async function abandonedBy(parts: ExecutionParts, { key }: Reservation): Promise<ProgrammeRecord | undefined> {
  const [record, signed] = await Promise.all([parts.journal.programme(key), parts.journal.intent(key.intentId)]);
  if (record === undefined || signed === undefined) return undefined;
  const isOver = record.state !== 'running' || Math.floor(parts.clock.now() / 1000) > signed.intent.deadline;
  return isOver ? record : undefined;
}

async function free(
  parts: ExecutionParts,
  account: Account,
  reservation: Reservation,
  { programme }: ProgrammeRecord,
): Promise<Reservation> {
  const signed = await parts.journal.intent(reservation.key.intentId);
  const run: Execution = execution(parts, signed!, programme, parts.signal ?? new AbortController().signal);
  const step = programme.steps.find(
    (each): each is CallStep => each.kind === 'calls' && each.id === reservation.key.step,
  );
  if ((await parts.journal.operations(reservation.id)).length === 0) {
    const abandonment = await signAbandonment(run, account, reservation);
    if (abandonment === undefined) return parts.journal.settle(reservation.id, { state: 'cancelled' }, []);
    const { hash: txHash } = abandonment;
    const { chainId } = reservation;
    const sentence = `Nonce ${reservation.nonce} on ${chainOf(parts, chainId).name} was abandoned; a cancellation uses it up.`;
    await run.tell({ type: 'step-cancelling', step: reservation.key.step, chainId, txHash, sentence });
  }
  return settleReservation(run, step ?? bareStep(account, reservation), reservation);
}

/** For reservations of steps that are not in the programme (recoveries of transfers): enough to follow the nonce. */
function bareStep(account: Account, { key, chainId }: Reservation): CallStep {
  return {
    kind: 'calls',
    id: key.step,
    after: [],
    chainId,
    account: account.id,
    adapter: '',
    role: 'recover',
    calls: [],
    spends: [],
    receives: [],
    nativeFeeWei: 0n,
    attempt: key.attempt,
  };
}
