import { EvenkeelError } from '@evenkeel/intents';
import type { AsOf } from '../model/as-of.js';
import type { Band, Decision } from '../policy/decision.js';
import type { TrendView } from '../policy/market.js';
import type { RebalancerPorts } from './portfolio.js';

/** What is known of where the price drifts. */
export type TrendAnswer =
  | { readonly kind: 'seen'; readonly model: string; readonly trend: TrendView; readonly asOf: AsOf }
  | {
      readonly kind: 'none';
      /** Why not, as a sentence for a person. */
      readonly sentence: string;
    };

/** A forecast of the drift of an underlying (by symbol: `ETH`), from what was known by now. */
export type TrendPort = (underlying: string, signal: AbortSignal) => Promise<TrendAnswer>;

/**
 * Asks the port. A trend makes a hedge better and is needed by none: one that cannot be had is none, with its reason.
 *
 * @returns undefined without a port
 */
export async function readTrend(
  { logger, trend }: Pick<RebalancerPorts, 'logger' | 'trend'>,
  underlying: string,
  signal: AbortSignal,
): Promise<TrendAnswer | undefined> {
  if (trend === undefined) return undefined;
  try {
    return await trend(underlying, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EvenkeelError)) throw error;
    logger?.log('warn', 'The trend could not be read; no decision leans on it.', { code: error.code });
    return Object.freeze({ kind: 'none', sentence: `The trend could not be read: ${error.code}: ${error.message}` });
  }
}

/**
 * The decision with what the trend has done to it in words, and where there is none with the reason.
 *
 * @param plain the same decision without the trend
 */
export function explainedByTrend(answer: TrendAnswer, decision: Decision, plain: Decision): Decision {
  return Object.freeze({ ...decision, trendReason: reasonOf(answer, decision.band, plain.band) });
}

function reasonOf(answer: TrendAnswer, band: Band | undefined, plain: Band | undefined): string {
  if (answer.kind === 'none') return answer.sentence;
  const { annualDrift, halfLifeSeconds } = answer.trend;
  const percent = (100 * annualDrift).toFixed(1);
  const drift = `${annualDrift > 0 ? '+' : ''}${percent} % a year`;
  const expected = `${answer.model} expects a drift of ${drift}, half of it gone in ${(halfLifeSeconds / 86_400).toFixed(1)} days`;
  if (band === undefined || plain === undefined) return `${expected}; no band was drawn that it could move.`;
  const lean = Number(band.target) - Number(plain.target);
  const width = (Number(band.high) - Number(band.low)) / (Number(plain.high) - Number(plain.low));
  if (lean === 0 && (width === 1 || Number.isNaN(width))) {
    return `${expected}; the band stays: only that of a book that is short gamma leans ahead of a trend.`;
  }
  const side = lean < 0 ? 'lower' : 'higher';
  return `${expected}: the band lies ${Math.abs(lean).toPrecision(4)} ${side} and is ${width.toFixed(3)} times as wide.`;
}
