import { EvenkeelError } from '@evenkeel/intents';
import { delegateWithFallback } from '../delegate/fallback.js';
import { type ExecutionResult, resumeProgramme } from '../execution/execute-programme.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import type { Programme } from '../model/programme.js';
import type { Bid } from '../ports/solver.js';
import type { ContestedSlice, NetworkSlice, OwnSlice } from '../rebalancer/networks-port.js';
import type { NetworkOptions } from './options.js';
import { executionOf, swapOf } from './order-execution.js';
import { orderParts } from './order-parts.js';

type Rest = Omit<OwnSlice, 'execution'> & { readonly execution: Pick<ExecutionResult, 'state' | 'steps'> };

/** Gives the slice away, and does by our own route what is provably left of it. */
export async function carryOut(
  options: NetworkOptions,
  slice: ContestedSlice,
  bid: Bid,
  own: (deltaUnits: DecimalString) => Promise<OwnSlice>,
): Promise<NetworkSlice> {
  const { cancelled, parts, portfolio, signed, tell } = slice;
  const side = slice.slice.deltaUnits.startsWith('-') ? 'sell' : 'buy';
  const { index } = slice.slice;
  tell(`Slice ${index} is given to ${bid.adapter}, for ${options.patienceSeconds} s at the most.`);
  const { delegation, own: rest } = await delegateWithFallback(
    { ...orderParts(options, signed, parts, () => cancelled.aborted), slice: index, side, bid },
    async ({ input }, begun): Promise<Rest> => {
      if (begun) return resumed(slice);
      if (cancelled.aborted) return nothing(slice, 'cancelled');
      const left = new Decimal(slice.slice.deltaUnits).times(input.atoms.toString()).div(bid.input.atoms.toString());
      const lots = left.div(portfolio.policy.lotUnits).integerValue(Decimal.ROUND_DOWN);
      if (lots.isZero()) return nothing(slice, 'completed');
      tell(
        `${bid.adapter} has left ${lots.times(portfolio.policy.lotUnits).abs().toFixed()} units of slice ${index}: our own route does them.`,
      );
      return own(lots.times(portfolio.policy.lotUnits).toFixed()).catch((error: unknown) => refused(slice, error));
    },
  );
  tell(delegation.proof?.sentence ?? `Order ${delegation.order.id} of ${bid.adapter} was never let out.`);
  const { execution, programme, route } = rest ?? nothing(slice, 'completed');
  return Object.freeze({
    route,
    programme,
    execution: await executionOf(parts.journal, delegation, execution),
    swap: swapOf(delegation),
  });
}

/** No part of the route was needed. */
function nothing(slice: ContestedSlice, state: ExecutionResult['state'], steps: ExecutionResult['steps'] = []): Rest {
  return { route: unused(slice), programme: emptyProgramme(slice), execution: { state, steps } };
}

async function resumed(slice: ContestedSlice): Promise<Rest> {
  const key = { intentId: slice.signed.id, slice: slice.slice.index };
  const execution = await resumeProgramme({ ...slice.parts, ...key });
  return { route: unused(slice), programme: emptyProgramme(slice), execution };
}

/**
 * What our own route could not begin stops the slice, with the reason: what the network has done stands, and is reported.
 * In the middle of a programme, or when the process is told to go, the error is thrown: a resumption goes on.
 */
async function refused(slice: ContestedSlice, error: unknown): Promise<Rest> {
  const key = { intentId: slice.signed.id, slice: slice.slice.index };
  const isBegun = (await slice.parts.journal.programme(key)) !== undefined;
  if (slice.signal.aborted || isBegun || !(error instanceof EvenkeelError) || error.code.startsWith('JOURNAL_'))
    throw error;
  const { code, message } = error;
  return nothing(slice, 'stopped', [{ id: 'own-route', state: 'failed', code, sentence: message }]);
}

function emptyProgramme({ signed, slice }: ContestedSlice): Programme {
  return Object.freeze({ intentId: signed.id, slice: slice.index, steps: Object.freeze([]) });
}

/** Our own route as it was offered, of which nothing was executed. */
function unused({ route }: ContestedSlice): OwnSlice['route'] {
  return Object.freeze({ ...route, hops: Object.freeze([]) });
}
