import { setImmediate as nextTurn } from 'node:timers/promises';
import { InvalidInputError } from '@evenkeel/intents';
import {
  type HedgingProblem,
  type Impact,
  policyBench,
  type PolicyBenchReport,
  standardBook,
} from '@evenkeel/core/lattice';
import { seededRandom } from '../assemble/ambient.js';
import { bandCacheFolder, cachedBands } from '../cache/band-cache.js';
import { table } from '../render/format.js';

/** As typed: texts, so that what is refused can be shown as it was written. */
export interface PolicyBenchOptions {
  readonly product: 'call' | 'put' | 'lp';
  readonly spot: string;
  readonly strike: string;
  readonly sigma: string;
  readonly days: string;
  readonly rate: string;
  readonly lambda: string;
  readonly impact: string;
  readonly gas: string;
  readonly gamma: string;
  readonly delay: string;
  readonly steps: string;
  readonly unwind: boolean;
  readonly paths: string;
  readonly seed: number;
  readonly json: boolean;
}

const DAYS_PER_YEAR = 365;
const HOURS_PER_YEAR = 24 * DAYS_PER_YEAR;
const MOST_HOURS = 10_000;
const MOST_DAYS = 3650;
const MOST_PATHS = 1_000_000;
const MOST_IMPACT = 10;
const MOST_SIGMA = 10;
const MOST_MONEY = 1e12;

/**
 * What each rule costs against the exact optimum, for stated parameters.
 *
 * @returns the exit code
 * @throws {InvalidInputError} for a parameter that is no number, or an absurd one
 * @throws {PolicyInputInvalidError} for parameters that make no sense together
 */
export async function benchPolicies(options: PolicyBenchOptions, signal: AbortSignal): Promise<number> {
  const problem = problemOf(options);
  const paths = numberOf('--paths', options.paths, { least: 0, most: MOST_PATHS, whole: true });
  const progress = await progressOf(options.json);
  const started = performance.now();
  const report = await policyBench({
    problem,
    paths,
    random: () => seededRandom(options.seed),
    prepare: (wanted) => cachedBands(wanted, bandCacheFolder()),
    onProgress: async (done, of, next) => {
      signal.throwIfAborted();
      progress.show(`${done}/${of} ${next}`);
      await nextTurn();
    },
  }).finally(() => {
    progress.end();
  });
  const { delayLooks, optimum, premium, rules } = report;
  const seconds = (performance.now() - started) / 1000;
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ parameters: problem, delayLooks, premium, optimum, rules, seconds }, null, 2)}\n`,
    );
  else process.stdout.write(`${render(report)}\nTook ${seconds.toFixed(1)} s.\n`);
  return 0;
}

function problemOf(options: PolicyBenchOptions): HedgingProblem {
  const rise = numberOf('--impact', options.impact, { least: 0, most: MOST_IMPACT });
  const delay = numberOf('--delay', options.delay, { least: 0, most: MOST_HOURS });
  const spot = numberOf('--spot', options.spot, { above: 0, most: MOST_MONEY });
  const strike = numberOf('--strike', options.strike, { above: 0, most: MOST_MONEY });
  return {
    book: standardBook(options.product, strike),
    spot,
    annualVolatility: numberOf('--sigma', options.sigma, { above: 0, most: MOST_SIGMA }),
    years: numberOf('--days', options.days, { above: 0, most: MOST_DAYS }) / DAYS_PER_YEAR,
    steps: numberOf('--steps', options.steps, { least: 1, most: 20_000, whole: true }),
    annualRate: numberOf('--rate', options.rate, { least: -1, most: 1 }),
    proportionalCost: numberOf('--lambda', options.lambda, { least: 0, most: 0.2 }),
    ...(rise > 0 ? { impact: impactOf(rise) } : {}),
    fixedCost: numberOf('--gas', options.gas, { least: 0, most: spot }),
    riskAversion: numberOf('--gamma', options.gamma, { above: 0, most: MOST_MONEY }),
    settlement: options.unwind ? 'unwind' : 'free',
    ...(delay > 0 ? { latencyYears: delay / HOURS_PER_YEAR } : {}),
  };
}

/** The next unit of a trade of q costs λ + rise·q of its worth, whichever way it goes. */
function impactOf(rise: number): Impact {
  const pieces = [{ length: 1, left: 0, right: rise }];
  return { buy: pieces, sell: pieces };
}

interface Limits {
  /** The value itself is refused. */
  readonly above?: number;
  readonly least?: number;
  readonly most: number;
  readonly whole?: boolean;
}

function numberOf(field: string, text: string, { above, least, most, whole = false }: Limits): number {
  const value = Number(text);
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) && Number.isFinite(value);
  const lower = above === undefined ? `from ${least ?? 0}` : `above ${above}`;
  const hint = `Use a plain ${whole ? 'whole number' : 'decimal'} ${lower} to ${most}, such as ${whole ? '720' : '0.02'}.`;
  if (!isNumber) throw new InvalidInputError(field, text, 'is not a number', hint);
  if (above !== undefined ? value <= above : value < (least ?? 0)) {
    throw new InvalidInputError(field, text, 'is too small', hint);
  }
  if (value > most) throw new InvalidInputError(field, text, 'is absurdly large', hint);
  if (whole && !Number.isInteger(value)) throw new InvalidInputError(field, text, 'is not a whole number', hint);
  return value;
}

function render({ delayLooks, optimum, premium, rules }: PolicyBenchReport): string {
  const shown = (value: number | null | undefined, digits: number): string =>
    value === undefined ? '–' : value === null ? '∞' : value.toFixed(digits);
  const body = Object.entries(rules).map(([name, { ce, excessPercent, monteCarlo, parameter, tradesPerPath }]) => [
    name,
    shown(ce, 5),
    shown(excessPercent, 2),
    shown(tradesPerPath, 2),
    monteCarlo === undefined ? '–' : `${shown(monteCarlo.ce, 5)} ± ${shown(monteCarlo.standardError, 5)}`,
    parameter ?? '',
  ]);
  const rows = [['exact optimum', shown(optimum.ce, 5), '', '', '', ''], ...body];
  const head = ['rule', 'CE', 'excess %', 'trades', 'CE by Monte Carlo', 'best parameter'];
  const without = optimum.ceWithoutDelay;
  const delay =
    without === undefined
      ? ''
      : `Every fill comes ${delayLooks} look${delayLooks === 1 ? '' : 's'} late: the optimum costs ` +
        `${((optimum.ce / without - 1) * 100).toFixed(2)} % more than the ${without.toFixed(5)} of fills at once.\n`;
  return `Frictionless value of what is owed: ${premium.toFixed(5)}\n${delay}${table(head, rows)}`;
}

interface Progress {
  readonly show: (text: string) => void;
  readonly end: () => void;
}

/** On standard error, and only where somebody looks at it. */
async function progressOf(json: boolean): Promise<Progress> {
  const { default: ora } = await import('ora');
  const spinner = ora({ stream: process.stderr, discardStdin: false, isSilent: json }).start();
  return {
    show: (text) => {
      spinner.text = text;
      spinner.render();
    },
    end: () => {
      spinner.stop();
    },
  };
}
