import { InvalidInputError } from '@evenkeel/intents';

/** What is remembered of one adapter that did not keep its word. Plain data: keep it where you like. */
export interface TrustRecord {
  readonly adapter: string;
  /** How much less than it had said it gave, in basis points of what it had said, as of `atSeconds`. */
  readonly shortfallBps: number;
  /** How often so far. */
  readonly breaches: number;
  /** Unix seconds of the last time. */
  readonly atSeconds: number;
}

export interface TrustRules {
  /** A firm quote may be so much below its ladder: markets move between two questions. */
  readonly toleranceBps: number;
  /** A shortfall counts half as much after so long. */
  readonly halfLifeSeconds: number;
  /** From this shortfall on an adapter is not asked for ladders at all. */
  readonly mostShortfallBps: number;
}

/** What is known of all adapters, by which rules, at what time. */
export interface Trust {
  readonly records: readonly TrustRecord[];
  readonly rules: TrustRules;
  /** Unix seconds. */
  readonly nowSeconds: number;
}

/** A change of an adapter's record, with the sentence that explains it. */
export interface TrustChange {
  readonly adapter: string;
  readonly beforeBps: number;
  readonly afterBps: number;
  readonly sentence: string;
}

export const DEFAULT_TRUST_RULES: TrustRules = Object.freeze({
  toleranceBps: 5,
  halfLifeSeconds: 3600,
  mostShortfallBps: 100,
});

/** Below this a shortfall is forgotten. */
const FORGOTTEN_BPS = 0.01;

/**
 * How much less than its word an adapter is believed now, in basis points: what it fell short by, halved every half-life.
 * 0 for one that always kept it.
 */
export function shortfallOf({ nowSeconds, records, rules }: Trust, adapter: string): number {
  const record = records.find((each) => each.adapter === adapter);
  if (record === undefined) return 0;
  const age = Math.max(0, nowSeconds - record.atSeconds);
  const left = record.shortfallBps * 2 ** (-age / rules.halfLifeSeconds);
  return left < FORGOTTEN_BPS ? 0 : left;
}

/** Whether an adapter fell short by so much that its ladders are not worth asking for. */
export function isDistrusted(trust: Trust, adapter: string): boolean {
  return shortfallOf(trust, adapter) >= trust.rules.mostShortfallBps;
}

/**
 * Adds a broken word to the records: what is left of the old shortfall, and the new one on top. The input is not changed.
 *
 * @param shortfallBps Basis points of what the adapter had said, more than 0.
 * @throws InvalidInputError
 */
export function lowerTrust(
  trust: Trust,
  adapter: string,
  shortfallBps: number,
): { readonly records: readonly TrustRecord[]; readonly change: TrustChange } {
  if (!(shortfallBps > 0 && shortfallBps <= 10_000)) {
    throw new InvalidInputError(
      'shortfallBps',
      shortfallBps,
      'is no part of what was said',
      'Give basis points, above 0 and at most 10000.',
    );
  }
  const beforeBps = shortfallOf(trust, adapter);
  const afterBps = Math.min(10_000, beforeBps + shortfallBps);
  const breaches = (trust.records.find((each) => each.adapter === adapter)?.breaches ?? 0) + 1;
  const record = Object.freeze({ adapter, shortfallBps: afterBps, breaches, atSeconds: trust.nowSeconds });
  const outcome =
    afterBps >= trust.rules.mostShortfallBps ? 'is not asked' : `is believed ${afterBps.toFixed(1)} bp less`;
  return Object.freeze({
    records: Object.freeze([...trust.records.filter((each) => each.adapter !== adapter), record]),
    change: Object.freeze({
      adapter,
      beforeBps,
      afterBps,
      sentence:
        `${adapter} firmly quoted ${shortfallBps.toFixed(1)} bp less than its ladder said (${ordinal(breaches)} time): ` +
        `it ${outcome} from now on, and half of that is forgotten every ${trust.rules.halfLifeSeconds} s.`,
    }),
  });
}

/** What every record means now, one sentence each; records that have decayed to nothing say so. */
export function explainTrust(trust: Trust): readonly TrustChange[] {
  return Object.freeze(
    trust.records.map(({ adapter, shortfallBps }) => {
      const afterBps = shortfallOf(trust, adapter);
      const sentence =
        afterBps === 0
          ? `${adapter} is believed again: what it fell short by has been forgotten.`
          : isDistrusted(trust, adapter)
            ? `${adapter} is not asked: ${afterBps.toFixed(1)} bp of what it fell short by are not yet forgotten.`
            : `${adapter} is believed ${afterBps.toFixed(1)} bp less than it says, of ${shortfallBps.toFixed(1)} bp at first.`;
      return Object.freeze({ adapter, beforeBps: shortfallBps, afterBps, sentence });
    }),
  );
}

function ordinal(count: number): string {
  return count === 1 ? 'first' : `${count}.`;
}
