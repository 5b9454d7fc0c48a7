import { Decimal, type DecimalString } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import { contains } from '../model/interval.js';
import type { ExecutionResult } from '../execution/execute-programme.js';
import type { ExecutionReport } from '../report/execution-report.js';

export interface VerdictInput {
  readonly after: Pick<Exposure, 'delta' | 'unbounded'>;
  readonly band: { readonly low: DecimalString; readonly high: DecimalString };
  /** How the slices ended. */
  readonly states: readonly ExecutionResult['state'][];
  /** Whether the books add up to the atom. */
  readonly exact: boolean;
  /** Why the trade ended before all of it was done. */
  readonly endedBecause: string | undefined;
}

/**
 * `hedged` only when all that was begun is complete, the books are exact, and the delta is surely back in its band: both
 * ends of it, with nothing unread.
 */
export function verdict(input: VerdictInput): Pick<ExecutionReport, 'outcome' | 'reason'> {
  const { after, band, endedBecause, exact, states } = input;
  if (!exact) return { outcome: 'failed', reason: 'The books do not add up: see the reconciliation.' };
  const because = endedBecause === undefined ? '' : ` ${endedBecause}`;
  if (!states.includes('completed')) {
    const ends = states.join(', ') || 'none was started';
    return { outcome: 'failed', reason: `No slice was completed (${ends}).${because}` };
  }
  if (after.unbounded.length > 0) {
    const reason = `The delta has no bounds while ${after.unbounded.join(', ')} cannot be read.${because}`;
    return { outcome: 'partly-hedged', reason };
  }
  const { high, low } = after.delta;
  const where = low === high ? short(low) : `${short(low)} to ${short(high)}`;
  const edges = `${short(band.low)} to ${short(band.high)}`;
  const isInside = contains(band, low) && contains(band, high);
  if (isInside && endedBecause === undefined && states.every((state) => state === 'completed')) {
    return { outcome: 'hedged', reason: `The delta is ${where}, within ${edges}.` };
  }
  if (isInside) return { outcome: 'partly-hedged', reason: `The delta is ${where}, within ${edges}.${because}` };
  // Size that the market could not give, or a market that the trade itself has moved: both show in the new delta only.
  const rest = endedBecause === undefined ? ' What was decided is done; the rest is for the next decision.' : because;
  return { outcome: 'partly-hedged', reason: `The delta is ${where}, outside of ${edges}.${rest}` };
}

function short(value: DecimalString): string {
  return new Decimal(value).toPrecision(6);
}
