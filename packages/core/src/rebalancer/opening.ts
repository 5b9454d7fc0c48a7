import type { Hex } from '@evenkeel/intents';
import * as v from 'valibot';
import { JournalCorruptError } from '../execution/journal-errors.js';
import type { DecimalString } from '../model/decimal.js';
import type { Interval } from '../model/interval.js';
import type { TokenAmount } from '../model/token.js';
import type { DecisionRecord, Journal } from '../ports/journal.js';
import type { Schedule } from '../schedule/schedule.js';
import * as is from './record-schemas.js';
import { marketOf, type StatedMarket } from './stated-prices.js';

/** What of a decision the slices are carried out by. */
export interface TradePlan {
  /** Signed change of the whole trade. */
  readonly deltaChangeUnits: DecimalString;
  /**
   * Where the nearer end of the exposure is to be in the end: doubt makes what is left to trade smaller, not larger.
   */
  readonly landingUnits: DecimalString;
  /** γ, per unit of the numeraire. */
  readonly riskAversion: number;
  /** By then pools are back, as it was measured; absent: as the portfolio says. */
  readonly recoverySeconds?: number;
  readonly schedule: Schedule;
}

/** What a trade is measured against: the market at its decision. */
export interface OpeningMarket extends StatedMarket {
  readonly annualVolatility: number;
  /** Distance from the target that the decision wanted to be left with. */
  readonly plannedUnits: number;
}

/** What a report and the slices to come need from before a trade, kept in the journal so that a crash does not lose it. */
export interface Opening {
  readonly intentId: Hex;
  readonly startedAtSeconds: number;
  readonly delta: Interval;
  readonly band: { readonly low: DecimalString; readonly target: DecimalString; readonly high: DecimalString };
  /** Of every chain that takes part. */
  readonly balances: readonly TokenAmount[];
  readonly plan: TradePlan;
  /** Absent in a journal of an earlier version. */
  readonly market?: OpeningMarket;
}

const OPENED = 'TRADE_OPENED';
const CLOSED = 'TRADE_CLOSED';

const intervalSchema = v.object({ low: is.decimal, high: is.decimal });
const planSchema = v.object({
  deltaChangeUnits: is.decimal,
  landingUnits: is.decimal,
  riskAversion: is.finite,
  recoverySeconds: v.exactOptional(v.pipe(v.number(), v.gtValue(0))),
  schedule: v.object({
    kind: v.picklist(['single', 'twap', 'vwap', 'pov', 'almgren-chriss', 'obizhaeva-wang', 'optimal']),
    totalDeltaUnits: is.decimal,
    startSeconds: is.wholeSeconds,
    endSeconds: is.wholeSeconds,
    slices: v.array(
      v.object({ index: v.pipe(v.number(), v.safeInteger()), atSeconds: is.wholeSeconds, deltaUnits: is.decimal }),
    ),
    sentence: v.string(),
    seed: v.exactOptional(v.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value))),
  }),
});
const openingSchema = v.object({
  market: v.exactOptional(v.object({ ...is.market, annualVolatility: is.finite, plannedUnits: is.finite })),
  plan: planSchema,
  startedAtSeconds: is.wholeSeconds,
  delta: intervalSchema,
  band: v.object({ low: is.decimal, target: is.decimal, high: is.decimal }),
  balances: v.array(
    v.object({
      token: is.token,
      atoms: is.atoms,
    }),
  ),
});

/** Writes the opening down, before anything of its intent is sent. */
export async function recordOpening(journal: Journal, opening: Opening, atMs: number): Promise<void> {
  const { balances, band, delta, intentId, market, plan, startedAtSeconds } = opening;
  const { deltaChangeUnits, landingUnits, recoverySeconds, riskAversion, schedule } = plan;
  await journal.appendDecision({
    atMs,
    intentId,
    code: OPENED,
    sentence: `The balances of ${balances.length} tokens are noted before the trade.`,
    simulated: false,
    details: {
      startedAtSeconds,
      delta: { low: delta.low, high: delta.high },
      band: { low: band.low, target: band.target, high: band.high },
      ...(market === undefined
        ? {}
        : {
            market: {
              ...marketOf(market),
              annualVolatility: market.annualVolatility,
              plannedUnits: market.plannedUnits,
            },
          }),
      plan: {
        deltaChangeUnits,
        landingUnits,
        riskAversion,
        ...(recoverySeconds === undefined ? {} : { recoverySeconds }),
        schedule: { ...schedule, slices: schedule.slices.map((slice) => ({ ...slice })) },
      },
      balances: balances.map(({ atoms, token: { address, chainId, decimals, symbol } }) => ({
        token: { address, chainId, decimals, symbol },
        atoms: atoms.toString(),
      })),
    },
  });
}

/** The opening of an intent; undefined when it was never executed. @throws JOURNAL_CORRUPT */
export async function openingOf(journal: Journal, intentId: Hex): Promise<Opening | undefined> {
  const [record] = await journal.decisions({ intentId, code: OPENED });
  return record === undefined ? undefined : parseOpening(record, intentId);
}

/** Writes down that nothing more is to be begun for an intent, and why. */
export async function recordClosing(journal: Journal, intentId: Hex, sentence: string, atMs: number): Promise<void> {
  await journal.appendDecision({ atMs, intentId, code: CLOSED, sentence, simulated: false, details: {} });
}

/** Trades of which slices may still be to come, oldest first: opened and not closed. @throws JOURNAL_CORRUPT */
export async function openTrades(journal: Journal): Promise<readonly Opening[]> {
  const closed = new Set((await journal.decisions({ code: CLOSED })).map(({ intentId }) => intentId));
  return (await journal.decisions({ code: OPENED })).flatMap((record) =>
    record.intentId === undefined || closed.has(record.intentId) ? [] : [parseOpening(record, record.intentId)],
  );
}

function parseOpening({ details }: DecisionRecord, intentId: Hex): Opening {
  const parsed = v.safeParse(openingSchema, details);
  if (!parsed.success) throw new JournalCorruptError('journal', `the opening of intent ${intentId} is malformed`);
  return Object.freeze({ intentId, ...parsed.output });
}
