import { EvenkeelError } from '@evenkeel/intents';
import * as v from 'valibot';
import type { AwaitTransferStep, CallStep } from '../model/programme.js';
import { type Hex, NATIVE_ADDRESS, sameAddress, type TokenAmount } from '../model/token.js';
import { type BridgeStatus, isTerminal, type Transfer } from '../model/transfer.js';
import type { Chain } from '../ports/chain.js';
import type { Flow, StepKey, StepOutcome, TransferRecord } from '../ports/journal.js';
import { end, runCallStep, sameStep } from './call-step.js';
import { accountOf, bridgeOf, chainOf, codeOf, type Execution, stepKey } from './context.js';
import { TransferStatusInvalidError, TransferUntrackableError } from './errors.js';
import { flowsOfLogs, nativeArrival } from './flows.js';
import { bridgeStatusSchema, encode } from './journal-codec.js';
import { isLate } from './late-transfer.js';

type Terminal = Extract<BridgeStatus, { state: 'filled' | 'filled-otherwise' | 'refunded' }>;

/**
 * Follows a transfer until it is filled, filled otherwise or refunded, over any number of restarts. What the bridge
 * says is checked against the receipt of the transaction that it names: only tokens that really arrived count.
 *
 * @throws TRANSFER_UNTRACKABLE when the bridge gives no answer for `giveUpAfterMs`; the transfer stays in flight
 */
export async function runAwaitTransfer(run: Execution, step: AwaitTransferStep): Promise<StepOutcome> {
  const { journal, clock } = run.parts;
  const key = stepKey(run, step.id, 0);
  const known = (await journal.outcomes(key)).find((each) => sameStep(each.key, key));
  if (known !== undefined) return known;
  let record = await openTransfer(run, step, key);
  let answeredAtMs = clock.now();
  let silence: unknown;

  for (;;) {
    run.signal.throwIfAborted();
    if (isTerminal(record.status)) return conclude(run, step, record);
    try {
      record = await ask(run, step, record);
      [answeredAtMs, silence] = [clock.now(), undefined];
    } catch (error) {
      if (run.signal.aborted || !(error instanceof EvenkeelError) || error.code.startsWith('JOURNAL_')) throw error;
      if (silence === undefined) {
        const sentence = `${step.id} waits: ${step.bridge} answers ${codeOf(error)}.`;
        await run.tell({ type: 'step-waiting', step: step.id, code: error.code, sentence });
      }
      silence = error;
      if (clock.now() - answeredAtMs >= run.options.giveUpAfterMs) {
        throw new TransferUntrackableError(record.transfer.id, step.bridge, { cause: error });
      }
    }
    if (isTerminal(record.status)) continue;
    if (run.options.letGoOfLate && isLate(record.transfer, clock.now() / 1000)) return letGo(run, step, key);
    await clock.sleep(run.options.transferPollMs, run.signal);
  }
}

/** One look at a transfer that is tracked already; what has come to its end gets the step's outcome. */
export async function lookAtTransfer(
  run: Execution,
  step: AwaitTransferStep,
  record: TransferRecord,
): Promise<TransferRecord> {
  const seen = await ask(run, step, record);
  if (isTerminal(seen.status)) await conclude(run, step, seen);
  return seen;
}

/** What the bridge says now, in the journal, with what has arrived. */
async function ask(run: Execution, step: AwaitTransferStep, record: TransferRecord): Promise<TransferRecord> {
  const { key, transfer } = record;
  const { clock, journal } = run.parts;
  let known = record;
  const status = checkStatus(await bridgeOf(run.parts, step.bridge).track(transfer, run.signal));
  const arrival = isTerminal(status) ? await arrivalOf(run, step, key, status as Terminal) : [];
  if (arrival !== undefined && encode(status) !== encode(record.status)) {
    known = await journal.updateTransfer(key, status, arrival, clock.now());
    await run.tell({ type: 'transfer-status', step: step.id, status, sentence: sentenceOf(step, status) });
  }
  if (status.state === 'refund-pending' && status.needsClaim) await claim(run, step, transfer, status);
  return known;
}

/**
 * Nothing waits for a transfer that is late: what depends on it is not sent, and the programme ends without it. The step has
 * no end of its own before the transfer has one.
 */
async function letGo(run: Execution, step: AwaitTransferStep, key: StepKey): Promise<StepOutcome> {
  const code = 'TRANSFER_LATE';
  const sentence = `${step.id} is late: nothing waits for it any more, and it is tracked to its end.`;
  await run.tell({ type: 'step-waiting', step: step.id, code, sentence });
  return { key, state: 'failed', code, sentence };
}

/** The transfer's record; made from the final hash of the transaction that put the funds into the bridge. */
async function openTransfer(run: Execution, step: AwaitTransferStep, key: StepKey): Promise<TransferRecord> {
  const { journal, clock } = run.parts;
  const source = run.programme.steps.find(
    (each): each is CallStep => each.kind === 'calls' && each.id === step.source,
  )!;
  const reservation = await journal.reservation(stepKey(run, source.id, source.attempt));
  const nowMs = clock.now();
  const transfer: Transfer = {
    id: `${key.intentId}/${key.slice}/${step.id}`,
    adapter: step.bridge,
    quote: step.quote,
    originTxHash: await originOf(run, source, reservation!.finalHash!),
    sentAtSeconds: Math.floor(nowMs / 1000),
  };
  const status: BridgeStatus = { state: 'pending', reason: 'sent' };
  return journal.putTransfer({ key, transfer, status, updatedAtMs: nowMs });
}

/** The transaction on chain: an operation that somebody else bundled has a hash of its own. */
async function originOf(run: Execution, source: CallStep, hash: Hex): Promise<Hex> {
  const { submission } = accountOf(run.parts, source.account);
  const receipt = await submission.receipt(chainOf(run.parts, source.chainId), hash, run.signal);
  return receipt?.txHash ?? hash;
}

/** An adapter's word is outside data like any other. */
function checkStatus(status: BridgeStatus): BridgeStatus {
  const result = v.safeParse(bridgeStatusSchema, JSON.parse(encode(status)));
  if (result.success) return result.output;
  throw new TransferStatusInvalidError(v.getDotPath(result.issues[0]) ?? 'status');
}

/** The flows of a terminal status; undefined while its transaction is not deep enough to be believed. */
async function arrivalOf(
  run: Execution,
  step: AwaitTransferStep,
  key: StepKey,
  status: Terminal,
): Promise<readonly Flow[] | undefined> {
  const received = receivedOf(status);
  const chain = chainOf(run.parts, received[0]?.token.chainId ?? step.quote.output.token.chainId);
  const receipt = await chain.receipt(status.txHash, run.signal);
  if (receipt === null || !(await isDeep(run, chain, receipt.blockNumber))) return undefined;
  const addresses = [
    ...run.parts.tokens.filter((token) => token.chainId === chain.id).map((token) => token.address),
    ...received.map((amount) => amount.token.address),
  ];
  const context = {
    key,
    chainId: chain.id,
    holder: step.recipient,
    tokens: addresses.filter((address, index) => addresses.findIndex((each) => sameAddress(each, address)) === index),
    kind: status.state === 'refunded' ? ('bridge-refund' as const) : ('bridge-in' as const),
  };
  const natives = received.filter((amount) => sameAddress(amount.token.address, NATIVE_ADDRESS));
  return [...flowsOfLogs(context, receipt), ...natives.map((amount) => nativeArrival(context, status.txHash, amount))];
}

async function isDeep(run: Execution, chain: Chain, blockNumber: number): Promise<boolean> {
  const head = await chain.block('latest', run.signal);
  return head.number - blockNumber + 1 >= (run.options.confirmations?.[chain.id] ?? 1);
}

async function claim(run: Execution, step: AwaitTransferStep, transfer: Transfer, status: BridgeStatus): Promise<void> {
  const bridge = bridgeOf(run.parts, step.bridge);
  const source = run.programme.steps.find(
    (each): each is CallStep => each.kind === 'calls' && each.id === step.source,
  )!;
  const calls = (await bridge.recover?.(transfer, status, run.signal)) ?? [];
  for (const [index, call] of calls.entries()) {
    await runCallStep(run, {
      ...source,
      id: `${step.id}:recover:${index}`,
      after: [step.id],
      chainId: call.chainId,
      role: 'recover',
      calls: [call],
      spends: [],
      receives: [],
      nativeFeeWei: call.valueWei,
      attempt: 0,
    });
  }
}

async function conclude(run: Execution, step: AwaitTransferStep, record: TransferRecord): Promise<StepOutcome> {
  const { key, status } = record;
  const all = await run.parts.journal.flows({ intentId: key.intentId, slice: key.slice });
  const { token } = step.quote.output;
  const arrived = all
    .filter((flow) => flow.step === step.id && flow.chainId === token.chainId && sameAddress(flow.token, token.address))
    .reduce((sum, flow) => sum + flow.atoms, 0n);
  const sentence = sentenceOf(step, status);
  switch (status.state) {
    case 'filled':
      return arrived >= step.quote.minReceived
        ? end(run, key, 'done', 'TRANSFER_FILLED', sentence, status.txHash)
        : end(
            run,
            key,
            'failed',
            'TRANSFER_FILLED_SHORT',
            `${step.id}: the bridge calls it filled, but ${arrived} of at least ${step.quote.minReceived} atoms arrived.`,
            status.txHash,
          );
    case 'filled-otherwise':
      return end(run, key, 'failed', 'TRANSFER_FILLED_OTHERWISE', sentence, status.txHash);
    case 'refunded':
      return end(run, key, 'failed', 'TRANSFER_REFUNDED', sentence, status.txHash);
    case 'pending':
    case 'expired':
    case 'refund-pending':
      throw new TransferUntrackableError(record.transfer.id, step.bridge, { details: { state: status.state } });
  }
}

function receivedOf(status: Terminal): readonly TokenAmount[] {
  return status.state === 'filled-otherwise' ? status.received : [status.received];
}

function sentenceOf(step: AwaitTransferStep, status: BridgeStatus): string {
  const amounts = (received: readonly TokenAmount[]): string =>
    received.map(({ token, atoms }) => `${atoms} atoms of ${token.symbol} on chain ${token.chainId}`).join(', ');
  switch (status.state) {
    case 'pending':
    case 'expired':
      return `${step.id} is ${status.state}: ${status.reason}.`;
    case 'refund-pending':
      return `${step.id} waits for its refund: ${status.reason}.`;
    case 'filled':
      return `${step.id} is filled: ${amounts([status.received])}.`;
    case 'filled-otherwise':
      return `${step.id} is filled otherwise, with ${amounts(status.received)}: ${status.reason}.`;
    case 'refunded':
      return `${step.id} is refunded: ${amounts([status.received])}.`;
  }
}
