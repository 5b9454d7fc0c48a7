import { join } from 'node:path';
import type { Logger } from '@evenkeel/core';
import type { NoTableCode, OptimumAnswer, OptimumPort } from '@evenkeel/core/rebalancer';
import { bandCacheFolder } from '../cache/band-cache.js';
import { inThread } from './in-thread.js';
import { optionBookOf } from './option-book.js';
import { type PrepareTable, type Preparer, preparer } from './preparer.js';
import { shelf } from './shelf.js';
import { tableRequest } from './table-request.js';

/** Tables of the exact optimum for the books of one portfolio, and what prepares them. */
export interface PreparedOptimum {
  /** For the rebalancer: answers at once, from memory or disk. What it lacks is prepared in the background. */
  readonly port: OptimumPort;
  readonly preparer: Preparer;
}

export interface OptimumOptions {
  /** How uncertain the volatility is, where it is a forecast: standard deviation of the logarithm of the variance. */
  readonly logVarianceStdDev: () => number;
  /** Where tables are kept. Default: `$XDG_CACHE_HOME/evenkeel/bands/books`. */
  readonly folder?: string;
  /** How a table is made. Default: in a thread of its own. */
  readonly prepare?: PrepareTable;
  readonly logger?: Logger;
}

/**
 * Options times risk aversion times spot up to which the optimum is one: beyond, the disutility of far moves, of which a
 * lattice has only as many as its kernel is wide, outweighs all else, and its hedge is that of a panic (γ 0.2 for one
 * option at a spot of 100 is the end of what was checked against independent lattices).
 */
const MOST_AVERSION = 20;
/** Beyond this factor between the gamma of the options and that of the whole book a table of the options says little. */
const MOST_OTHER_GAMMA = 2;

/**
 * Tables of the exact optimum for the options of a book as it was read. Numbers that move with every block are on a grid
 * ({@link tableRequest}), so that neighbouring markets share a table; while one for a market that has moved on is
 * prepared, those of its neighbours serve. What else has gamma in the book is carried over by the rule.
 */
export function preparedOptimum(options: OptimumOptions): PreparedOptimum {
  const { folder = join(bandCacheFolder(), 'books'), logger, logVarianceStdDev, prepare = inThread(folder) } = options;
  const shelved = shelf(folder);
  const preparing = preparer(shelved, prepare, logger);
  const port: OptimumPort = (question) => {
    const { inputs, readings, settlement } = question;
    if (settlement === 'none')
      return none('END_LEFT_OUT', 'The policy leaves the end of the book out, and tables are of its end.');
    const book = optionBookOf(readings, Number(inputs.spot), inputs.decidedAtSeconds);
    if ('code' in book) return none(book.code, book.sentence);
    const size = book.options.reduce((sum, { units }) => sum + Math.abs(units), 0);
    if (inputs.riskAversion.perNumeraire * size * Number(inputs.spot) > MOST_AVERSION) {
      return none(
        'AVERSION_BEYOND_TABLES',
        'The risk aversion is too strong for a book of this size: its exact optimum depends on the farthest moves.',
      );
    }
    const share = book.gammaPerUnit / inputs.gammaPerUnit;
    if (!(share <= MOST_OTHER_GAMMA && share >= 1 / MOST_OTHER_GAMMA)) {
      return none(
        'OTHER_GAMMA_OUTWEIGHS',
        'Positions that end at no known time, such as liquidity, outweigh the gamma of the options.',
      );
    }
    const request = tableRequest(question, book, settlement, logVarianceStdDev());
    const { isExact, tables } = shelved.look(request);
    if (!isExact) preparing.want(request);
    if (tables.length === 0)
      return none('NOT_PREPARED_YET', 'No table of this book is prepared yet; none is waited for.');
    const { gammaPerUnit } = book;
    return {
      kind: 'prepared',
      bands: tables.map((table) => ({ table, units: request.units, gammaPerUnit })),
      horizonSeconds: book.endSeconds - inputs.decidedAtSeconds,
    };
  };
  return Object.freeze({ port, preparer: preparing });
}

function none(code: NoTableCode, sentence: string): OptimumAnswer {
  return Object.freeze({ kind: 'none', code, sentence });
}
