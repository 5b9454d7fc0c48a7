import type { Hex } from '@evenkeel/intents';
import * as v from 'valibot';
import { JournalCorruptError } from '../execution/journal-errors.js';
import type { DecimalString } from '../model/decimal.js';
import type { Interval } from '../model/interval.js';
import type { Address, TokenAmount } from '../model/token.js';
import type { DecisionRecord, Journal } from '../ports/journal.js';
import type { Schedule } from '../schedule/schedule.js';

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

/** What a report and the slices to come need from before a trade, kept in the journal so that a crash does not lose it. */
export interface Opening {
  readonly intentId: Hex;
  readonly startedAtSeconds: number;
  readonly delta: Interval;
  readonly band: { readonly low: DecimalString; readonly target: DecimalString; readonly high: DecimalString };
  /** Of every chain that takes part. */
  readonly balances: readonly TokenAmount[];
  readonly plan: TradePlan;
}

const OPENED = 'TRADE_OPENED';
const CLOSED = 'TRADE_CLOSED';

const decimal = v.pipe(v.string(), v.regex(/^-?\d+(?:\.\d+)?$/));
const intervalSchema = v.object({ low: decimal, high: decimal });
const wholeSeconds = v.pipe(v.number(), v.safeInteger());
const planSchema = v.object({
  deltaChangeUnits: decimal,
  landingUnits: decimal,
  riskAversion: v.pipe(v.number(), v.finite()),
  recoverySeconds: v.exactOptional(v.pipe(v.number(), v.gtValue(0))),
  schedule: v.object({
    kind: v.picklist(['single', 'twap', 'vwap', 'pov', 'almgren-chriss', 'obizhaeva-wang', 'optimal']),
    totalDeltaUnits: decimal,
    startSeconds: wholeSeconds,
    endSeconds: wholeSeconds,
    slices: v.array(
      v.object({ index: v.pipe(v.number(), v.safeInteger()), atSeconds: wholeSeconds, deltaUnits: decimal }),
    ),
    sentence: v.string(),
    seed: v.exactOptional(v.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value))),
  }),
});
const openingSchema = v.object({
  plan: planSchema,
  startedAtSeconds: wholeSeconds,
  delta: intervalSchema,
  band: v.object({ low: decimal, target: decimal, high: decimal }),
  balances: v.array(
    v.object({
      token: v.object({
        chainId: v.pipe(v.number(), v.safeInteger()),
        address: v.custom<Address>((value) => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value)),
        symbol: v.string(),
        decimals: v.pipe(v.number(), v.safeInteger()),
      }),
      atoms: v.pipe(
        v.string(),
        v.regex(/^\d+$/),
        v.transform((digits) => BigInt(digits)),
      ),
    }),
  ),
});

/** Writes the opening down, before anything of its intent is sent. */
export async function recordOpening(journal: Journal, opening: Opening, atMs: number): Promise<void> {
  const { balances, band, delta, intentId, plan, startedAtSeconds } = opening;
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
