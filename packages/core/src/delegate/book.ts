import type { Hex } from '@evenkeel/intents';
import type { Clock } from '../ports/ambient.js';
import type { Flow, Journal } from '../ports/journal.js';
import type { DeathProof } from '../ports/solver.js';
import { eventDetails, eventOf } from './codec.js';
import { applyEvent, type Delegation, type DelegationEvent, isLive } from './delegation.js';

/** Codes under which the events stand in the decision log; the log *is* the book of orders. */
const CODE: Readonly<Record<DelegationEvent['kind'], string>> = {
  given: 'DELEGATION_GIVEN',
  submitting: 'DELEGATION_SUBMITTING',
  ending: 'DELEGATION_ENDING',
  withdrawn: 'DELEGATION_WITHDRAWN',
  ended: 'DELEGATION_ENDED',
};
const CODES: ReadonlySet<string> = new Set(Object.values(CODE));

/**
 * Every order that was ever given out for an intent, by its number, with the state that the journal proves.
 *
 * @throws JOURNAL_CORRUPT
 */
export async function delegationsOf(journal: Journal, intentId: Hex): Promise<readonly Delegation[]> {
  const byIndex = new Map<number, Delegation>();
  for (const { code, details } of await journal.decisions({ intentId })) {
    if (!CODES.has(code)) continue;
    const { event, index } = eventOf(details);
    byIndex.set(index, applyEvent(byIndex.get(index), event, { intentId, index }));
  }
  return Object.freeze([...byIndex.values()].sort((a, b) => a.index - b.index));
}

/**
 * Every order that was ever given out, whatever the intent.
 *
 * @throws JOURNAL_CORRUPT
 */
export async function allDelegations(journal: Journal): Promise<readonly Delegation[]> {
  const given = await journal.decisions({ code: CODE.given });
  const intents = new Set(given.flatMap(({ intentId }) => (intentId === undefined ? [] : [intentId])));
  const all: Delegation[] = [];
  for (const intentId of intents) all.push(...(await delegationsOf(journal, intentId)));
  return Object.freeze(all);
}

/**
 * Every order of every intent that may still draw: what a restart has to resume, and what widens the exposure.
 *
 * @throws JOURNAL_CORRUPT
 */
export async function liveDelegations(journal: Journal): Promise<readonly Delegation[]> {
  return Object.freeze((await allDelegations(journal)).filter(isLive));
}

/** The number that the next order of the intent has to carry: one that no order of it has had. */
export async function nextChildIndex(journal: Journal, intentId: Hex): Promise<number> {
  const indices = (await delegationsOf(journal, intentId)).map(({ index }) => index);
  return Math.max(-1, ...indices) + 1;
}

/** Writes an event down and answers where the delegation stands by all that is written. */
export async function record(
  { clock, journal }: { readonly clock: Clock; readonly journal: Journal },
  { index, intentId, slice }: Pick<Delegation, 'index' | 'intentId' | 'slice'>,
  event: DelegationEvent,
  sentence: string,
): Promise<Delegation> {
  if (event.kind === 'ended') await recordFills(journal, { index, intentId, slice }, event.proof);
  await journal.appendDecision({
    atMs: clock.now(),
    intentId,
    slice,
    code: CODE[event.kind],
    sentence,
    simulated: false,
    details: eventDetails(index, event),
  });
  return (await delegationsOf(journal, intentId)).find((each) => each.index === index)!;
}

/**
 * What the order moved counts against the intent's limits like any flow of our own. Writing it twice changes nothing. One
 * transaction may settle orders of several intents: each has its own parts of it.
 */
async function recordFills(
  journal: Journal,
  { index, intentId, slice }: Pick<Delegation, 'index' | 'intentId' | 'slice'>,
  { drawn, received, txHashes }: DeathProof,
): Promise<void> {
  const [txHash] = txHashes;
  const step = `delegate-${index}`;
  const moved = [
    { part: 'drawn', token: drawn.token, atoms: -drawn.atoms },
    { part: 'received', token: received.token, atoms: received.atoms },
  ].filter(({ atoms }) => atoms !== 0n);
  if (txHash === undefined || moved.length === 0) return;
  const flows = moved.map(({ atoms, part, token }): Flow => {
    const { address, chainId } = token;
    return {
      intentId,
      slice,
      step,
      chainId,
      token: address,
      atoms,
      kind: 'swap',
      txHash,
      part: `${intentId}:${step}:${part}`,
    };
  });
  await journal.putOutsideFlows(`${intentId}/${step}`, flows);
}
