import { award } from '../award/award.js';
import { type BidRefusal, solicitBids } from '../award/solicit-bids.js';
import { delegationsOf } from '../delegate/book.js';
import type { Bid } from '../ports/solver.js';
import type { ContestedSlice, SliceAward } from '../rebalancer/networks-port.js';
import { basisFor, ownContestant } from './award-basis.js';
import { fillRecords } from './fill-records.js';
import type { NetworkOptions } from './options.js';
import { questionsFor } from './requests.js';

/** Asks all networks, scores what they say beside our own route, and writes down who won and why the others did not. */
export async function awardSlice(options: NetworkOptions, slice: ContestedSlice): Promise<SliceAward> {
  const { clock, journal } = slice.parts;
  const { intent, id: intentId } = slice.signed;
  const nowSeconds = (): number => Math.floor(clock.now() / 1000);
  const { round, solvers } = options;
  const delegations = await delegationsOf(journal, intentId);
  const flows = await journal.flows({ intentId });
  const deadline = Math.min(intent.deadline, nowSeconds() + options.patienceSeconds);
  const questions = questionsFor({ slice, solvers, deadline, delegations, flows });
  const { signal } = slice;
  const answers = await Promise.all(
    questions.map(({ request, solvers: asked }) => solicitBids(request, { ...round, solvers: asked, clock, signal })),
  );
  const bids: readonly Bid[] = answers.flatMap((answer) => answer.bids);
  const refusals: readonly BidRefusal[] = answers.flatMap((answer) => answer.refusals);
  const basis = basisFor(slice, options, await fillRecords(journal), nowSeconds());
  const result = Object.freeze({ ...award(ownContestant(slice), bids, basis), refusals: Object.freeze(refusals) });
  await writeDown(slice, result, questions.length);
  return result;
}

async function writeDown(
  { dryRun, parts: { clock, journal }, signed, slice }: ContestedSlice,
  result: SliceAward,
  asked: number,
): Promise<void> {
  const { contestants, refusals = [], winner } = result;
  const best = contestants.find(({ won }) => won);
  const others = contestants.length - (best === undefined ? 0 : 1) + refusals.length;
  const sentence =
    asked === 0
      ? `No network was asked for slice ${slice.index}: no chain on which one serves holds enough for the whole of it.`
      : `Slice ${slice.index} goes to ${best?.adapter ?? 'our own route'}${best === undefined ? ', as the policy has decided: nobody is worth it on the scale' : `: ${best.sentence}`} (${others} others).`;
  await journal.appendDecision({
    atMs: clock.now(),
    intentId: signed.id,
    slice: slice.index,
    code: 'SLICE_AWARDED',
    sentence,
    simulated: dryRun,
    details: {
      winner,
      contestants: contestants.map(({ adapter, code, costBps, improvement, sentence: why }) => ({
        adapter,
        code,
        sentence: why,
        costBps: costBps ?? null,
        improvement: improvement?.net ?? null,
      })),
      refusals: refusals.map(({ adapter, code, sentence: why }) => ({ adapter, code, sentence: why })),
    },
  });
}
