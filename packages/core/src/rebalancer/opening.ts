import type { Hex } from '@evenkeel/intents';
import * as v from 'valibot';
import { JournalCorruptError } from '../execution/journal-errors.js';
import type { DecimalString } from '../model/decimal.js';
import type { Interval } from '../model/interval.js';
import type { Address, TokenAmount } from '../model/token.js';
import type { Journal } from '../ports/journal.js';

/** What a report needs from before a trade, kept in the journal so that a crash does not lose it. */
export interface Opening {
  readonly intentId: Hex;
  readonly startedAtSeconds: number;
  readonly delta: Interval;
  readonly band: { readonly low: DecimalString; readonly target: DecimalString; readonly high: DecimalString };
  /** Of every chain that takes part. */
  readonly balances: readonly TokenAmount[];
}

const CODE = 'TRADE_OPENED';

const decimal = v.pipe(v.string(), v.regex(/^-?\d+(?:\.\d+)?$/));
const intervalSchema = v.object({ low: decimal, high: decimal });
const openingSchema = v.object({
  startedAtSeconds: v.pipe(v.number(), v.safeInteger()),
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
  const { balances, band, delta, intentId, startedAtSeconds } = opening;
  await journal.appendDecision({
    atMs,
    intentId,
    code: CODE,
    sentence: `The balances of ${balances.length} tokens are noted before the trade.`,
    simulated: false,
    details: {
      startedAtSeconds,
      delta: { low: delta.low, high: delta.high },
      band: { low: band.low, target: band.target, high: band.high },
      balances: balances.map(({ atoms, token: { address, chainId, decimals, symbol } }) => ({
        token: { address, chainId, decimals, symbol },
        atoms: atoms.toString(),
      })),
    },
  });
}

/** The opening of an intent; undefined when it was never executed. @throws JOURNAL_CORRUPT */
export async function openingOf(journal: Journal, intentId: Hex): Promise<Opening | undefined> {
  const record = (await journal.decisions({ intentId })).find(({ code }) => code === CODE);
  if (record === undefined) return undefined;
  const parsed = v.safeParse(openingSchema, record.details);
  if (!parsed.success) throw new JournalCorruptError('journal', `the opening of intent ${intentId} is malformed`);
  return Object.freeze({ intentId, ...parsed.output });
}
