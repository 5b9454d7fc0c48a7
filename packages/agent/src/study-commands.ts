import { type Command, Option } from 'commander';
import { anyNumber, EXIT_CODES, json, positiveNumber, type Surroundings, wholeNumber } from './cli-options.js';
import type { BacktestOptions } from './commands/backtest.js';
import type { ForecastOptions } from './commands/forecast.js';
import type { PolicyBenchOptions } from './commands/policy-bench.js';
import type { ProfileCommandOptions } from './commands/profile.js';
import type { RouteOptions } from './commands/route.js';
import type { ScheduleBenchOptions } from './commands/schedule-bench.js';
import { DEFAULT_SETTING } from './schedule-bench/setting.js';
import { DEFAULT_WORLD_SETTING } from './schedule-bench/world/setting.js';

const BENCH_NOTES = `
The book is one written option, or one held liquidity position over the full range that holds one unit of the underlying
and its worth in numeraire at --strike, fees left aside. It starts without a hedge: buying the first one is part of the
cost. CE is the certainty equivalent beyond the frictionless value, under CARA, on a lattice of one standard deviation a
step with a Gaussian kernel cut off at 7.5. "optimal" decides from a table prepared for the parameters, kept under
$XDG_CACHE_HOME/evenkeel/bands. Rules that trade to their very trigger are blurred on any lattice: see Monte Carlo.
${EXIT_CODES}`;

/**
 * Adds the commands that compute from files and simulations, and touch no chain. Each is loaded when it is called: plots
 * and thread pools are large.
 */
export function addStudyCommands(program: Command, { ended, signal }: Surroundings): void {
  program
    .command('backtest')
    .description('compare policies on recorded or simulated prices')
    .requiredOption('--config <file>', 'YAML; every key is described in docs/backtest.md')
    .option('--data <file>', 'CSV of candles: timestamp,open,high,low,close')
    .option('--out <folder>', 'write report.html, result.json and CSV there')
    .option('--threads <number>', 'threads that share the work; default: all; the result is the same', positiveNumber)
    .option('--seed <number>', 'instead of the one in the file', wholeNumber)
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: BacktestOptions) => {
      const { backtest } = await import('./commands/backtest.js');
      ended(await backtest(options, signal));
    });

  program
    .command('forecast')
    .description('judge the volatility forecasters on a history of candles, or say what they say now')
    .requiredOption('--data <file>', 'CSV of candles, oldest first: timestamp,open,high,low,close')
    .option('--horizons <days>', 'whole days, with commas', '1,7,30')
    .option('--from <date>', 'judge forecasts from this day on (2023-01-31); a year is always seen first')
    .option('--html <file>', 'write a page with plots')
    .option('--now', 'print the forecast after the last candle, with its interval', false)
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: ForecastOptions) => {
      const { forecast } = await import('./commands/forecast.js');
      ended(await forecast(options));
    });

  program
    .command('profile')
    .description('the cheapest trades to a target of delta, gamma and vega; sends nothing')
    .requiredOption('--problem <file>', 'YAML or JSON; every key is described in docs/profile.md')
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: ProfileCommandOptions) => {
      const { profile } = await import('./commands/profile.js');
      ended(profile(options));
    });

  const numeric = (flags: string, description: string, key: keyof typeof DEFAULT_SETTING): Option =>
    new Option(flags, description).argParser(anyNumber).default(DEFAULT_SETTING[key]);
  const inWorld = (flags: string, description: string, key: keyof typeof DEFAULT_WORLD_SETTING): Option =>
    new Option(flags, `with --world: ${description}`).argParser(anyNumber).default(DEFAULT_WORLD_SETTING[key]);
  program
    .command('schedule-bench')
    .description(
      'every schedule against a single trade and a naive TWAP, in a pool that is refilled: simulated, or real',
    )
    .option('--world', 'sell for real in the pools of a local chain, instead of a simulated pool', false)
    .option('--schedules <names>', 'only these, with commas, and the naive TWAP', (text) => text.split(','))
    .addOption(numeric('--units <number>', 'what is sold', 'units'))
    .addOption(numeric('--spot-usd <number>', 'price of a unit at the decision; simulated', 'spotUsd'))
    .addOption(numeric('--sigma-percent <number>', 'volatility a year', 'sigmaPercent'))
    .addOption(numeric('--span-seconds <number>', 'time that may be taken', 'spanSeconds'))
    .addOption(numeric('--slices <number>', 'the most slices', 'slices'))
    .addOption(numeric('--pool-units <number>', 'what the pool holds of the underlying; simulated', 'poolUnits'))
    .addOption(numeric('--fee-bps <number>', 'fee of the pool; simulated', 'feeBps'))
    .addOption(numeric('--half-life-seconds <number>', 'until half of a price impact is gone', 'halfLifeSeconds'))
    .addOption(numeric('--gas-usd <number>', 'gas of a slice; simulated', 'gasUsd'))
    .addOption(inWorld('--gas-gwei <number>', 'price of gas', 'gasGwei'))
    .addOption(inWorld('--arbitrage-seconds <number>', 'between two visits of the arbitrageur', 'arbitrageSeconds'))
    .addOption(numeric('--risk-aversion <number>', 'per USD; 0 minds no risk', 'riskAversion'))
    .addOption(numeric('--latency-seconds <number>', 'from the decision to the first slice', 'latencySeconds'))
    .addOption(
      new Option(
        '--paths <number>',
        `price paths (default: ${DEFAULT_SETTING.paths}, ${DEFAULT_WORLD_SETTING.paths} with --world)`,
      ).argParser(anyNumber),
    )
    .addOption(numeric('--seed <number>', 'the same seed gives the same paths', 'seed'))
    .option('--html <file>', 'write a page with plots')
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: Omit<ScheduleBenchOptions, 'asked'>, command: Command) => {
      const { html, json: asJson, schedules, world, ...numbers } = options;
      const asked = Object.entries(numbers).filter(([key]) => command.getOptionValueSource(key) === 'cli');
      const { scheduleBench } = await import('./commands/schedule-bench.js');
      ended(
        await scheduleBench(
          {
            ...{ world, json: asJson, asked: Object.fromEntries(asked) },
            ...(html === undefined ? {} : { html }),
            ...(schedules === undefined ? {} : { schedules }),
          },
          signal,
        ),
      );
    });

  program
    .command('policy-bench')
    .description('what each hedging rule costs against the exact optimum, for stated parameters')
    .addOption(
      new Option('--product <kind>', 'written call, written put, or held full-range liquidity position')
        .choices(['call', 'put', 'lp'])
        .default('call'),
    )
    .option('--spot <number>', 'numeraire per unit of the underlying', '100')
    .option(
      '--strike <number>',
      "the option's strike; for lp, the spot at which it holds one unit and its worth",
      '100',
    )
    .option('--sigma <decimal>', 'volatility per square root of a year, as a plain decimal: 0.7 is 70 %', '0.7')
    .option('--days <number>', 'until the book settles', '30')
    .option('--rate <decimal>', 'continuously compounded rate per year, as a plain decimal: 0.05 is 5 %', '0')
    .option('--lambda <decimal>', 'one-way proportional cost, as a plain decimal: 0.0005 is 5 bp', '0.0005')
    .option(
      '--impact <decimal>',
      'by how much each further unit of a trade costs more, as a share of the price per unit traded: with 0.01 the second unit costs 1 % more than the first',
      '0',
    )
    .option('--gas <number>', 'fixed cost of a trade, numeraire', '0.0025')
    .option('--delay <hours>', 'from each decision to its fill, a whole number of looks', '0')
    .option('--gamma <number>', 'absolute risk aversion per numeraire, of U(W) = -exp(-gamma W)', '0.02')
    .option('--steps <number>', 'looks at the book over its life, evenly', '720')
    .option('--unwind', 'the hedge must be traded away at the end; otherwise it is taken over for nothing', false)
    .option('--paths <number>', 'simulated paths a rule, 0 for none', '2000')
    .option('--seed <number>', 'of the simulation', wholeNumber, 1)
    .addOption(json)
    .addHelpText('after', BENCH_NOTES)
    .action(async (options: PolicyBenchOptions) => {
      const { benchPolicies } = await import('./commands/policy-bench.js');
      ended(await benchPolicies(options, signal));
    });

  program
    .command('route')
    .description('the best route over pools and bridges that a file describes, with a proof of how good it is')
    .requiredOption('--problem <file>', 'JSON, described in docs/routing.md; - reads standard input')
    .option('--repeat <number>', 'solve so often again and state the median time', wholeNumber)
    .option('--max-hops <number>', 'the most hops of the whole route', wholeNumber)
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: RouteOptions) => {
      const { route } = await import('./commands/route.js');
      ended(await route(options, signal));
    });
}
