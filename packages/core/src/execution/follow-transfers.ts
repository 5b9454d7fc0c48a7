import { EvenkeelError } from '@evenkeel/intents';
import type { AwaitTransferStep } from '../model/programme.js';
import { isTerminal } from '../model/transfer.js';
import type { TransferRecord } from '../ports/journal.js';
import { lookAtTransfer } from './await-transfer.js';
import { codeOf, execution, type ExecutionParts } from './context.js';

/**
 * One look at every transfer that its programme has let go of because it was late. What has arrived is booked, and the step
 * gets its end. A bridge that does not answer is asked again in the next look.
 *
 * @param isOwn which transfers are looked at
 * @returns how many are still open
 */
export async function followTransfers(
  parts: ExecutionParts,
  isOwn: (record: TransferRecord) => Promise<boolean>,
): Promise<number> {
  const { journal, logger, signal = new AbortController().signal } = parts;
  let open = 0;
  for (const record of await journal.transfers({ open: true })) {
    if (!(await isOwn(record))) continue;
    const [signed, known] = await Promise.all([journal.intent(record.key.intentId), journal.programme(record.key)]);
    const step = known?.programme.steps.find(
      (each): each is AwaitTransferStep => each.kind === 'await-transfer' && each.id === record.key.step,
    );
    // That of a running programme is awaited there; one without a programme is for the resumption to complain about.
    if (signed === undefined || known === undefined || step === undefined || known.state === 'running') continue;
    const run = execution(parts, signed, known.programme, signal);
    try {
      if (!isTerminal((await lookAtTransfer(run, step, record)).status)) open += 1;
    } catch (error) {
      if (signal.aborted || !(error instanceof EvenkeelError) || error.code.startsWith('JOURNAL_')) throw error;
      open += 1;
      logger?.log('warn', `Transfer ${record.transfer.id} gives no answer.`, { code: codeOf(error) });
    }
  }
  return open;
}
