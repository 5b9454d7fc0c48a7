import { EvenkeelError } from '@evenkeel/intents';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { backtest, type BacktestOptions } from './commands/backtest.js';
import { demo, type DemoOptions } from './commands/demo.js';
import { forecast, type ForecastOptions } from './commands/forecast.js';
import { hedge, type HedgeOptions, resume } from './commands/hedge.js';
import { profile, type ProfileCommandOptions } from './commands/profile.js';
import { scheduleBench, type ScheduleBenchOptions } from './commands/schedule-bench.js';
import { DEFAULT_SETTING } from './schedule-bench/setting.js';
import { benchPolicies, type PolicyBenchOptions } from './commands/policy-bench.js';
import { route, type RouteOptions } from './commands/route.js';
import { verify, type VerifyOptions } from './commands/verify.js';

/** A command line that cannot be understood. Code `USAGE_INVALID`. */
class UsageInvalidError extends EvenkeelError {
  constructor({ code, message }: CommanderError) {
    const problem = code === 'commander.help' ? 'no command is given' : message.replace(/^error: /, '');
    super('USAGE_INVALID', `${problem.charAt(0).toUpperCase()}${problem.slice(1).replace(/\.?$/, '.')}`, {
      hint: 'See `evenkeel --help`.',
    });
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('Use a whole number, 0 or more.');
}

function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Use a number.');
}

function positiveNumber(text: string): number {
  if (wholeNumber(text) > 0) return Number(text);
  throw new InvalidArgumentError('Use a whole number, 1 or more.');
}

const json = new Option('--json', 'print one JSON document on standard output and nothing else').default(false);
const dryRun = new Option('--dry-run', 'go the same way, simulate everything, send nothing').default(false);
const deltaChange = new Option('--delta-change <units>', 'trade exactly this change of delta, signed, such as -1.25');

const EXIT_CODES = `
Exit codes:
  0    hedged, held or simulated; resumed; verified
  1    anything else, with a stable code and the way out; with --json as { "outcome": "failed", "error": { "code" } }
  130  interrupted (143 by SIGTERM); what was sent is in the journal`;

const BENCH_NOTES = `
The book is one written option, or one held liquidity position over the full range that holds one unit of the underlying
and its worth in numeraire at --strike, fees left aside. It starts without a hedge: buying the first one is part of the
cost. CE is the certainty equivalent beyond the frictionless value, under CARA, on a lattice of one standard deviation a
step with a Gaussian kernel cut off at 7.5. "optimal" decides from a table prepared for the parameters, kept under
$XDG_CACHE_HOME/evenkeel/bands. Rules that trade to their very trigger are blurred on any lattice: see Monte Carlo.
${EXIT_CODES}`;

const KEY = `
Environment:
  EVENKEEL_PRIVATE_KEY  the owner's key, 0x and 64 hex digits; privateKeyEnv in the configuration names another variable`;

/**
 * The `evenkeel` command: writes to standard output and standard error, sends and signs as its arguments say.
 *
 * @param args what stands behind the name of the command
 * @param signal ends what is under way; its reason is reported
 * @returns the exit code, 0 or 1
 */
export async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  let exitCode = 0;
  const program = commands(signal, (code) => (exitCode = code));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version come this way as well, with nothing wrong.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const shown: unknown = signal.aborted ? signal.reason : error;
    report(shown instanceof CommanderError ? new UsageInvalidError(shown) : shown, args.includes('--json'));
    return 1;
  }
}

function commands(signal: AbortSignal, ended: (exitCode: number) => void): Command {
  const program = new Command()
    .name('evenkeel')
    .description(
      'Keeps the delta of on-chain derivative portfolios where their owners want it, on whatever chain is cheapest.',
    )
    .version('0.0.0')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXIT_CODES);

  program
    .command('demo')
    .description('the main job on three local chains with real protocol contracts')
    .addOption(json)
    .addOption(dryRun)
    .addOption(deltaChange)
    .option('--seed <number>', 'varies the world; the same seed gives the same one', wholeNumber, 1)
    .addOption(
      new Option('--schedule <kind>', 'how the trade is spread over time')
        .choices(['auto', 'single', 'twap', 'vwap'])
        .default('auto'),
    )
    .addHelpText('after', EXIT_CODES)
    .action(async (options: DemoOptions) => {
      ended(await demo(options, signal));
    });

  program
    .command('hedge')
    .description('one rebalancing of the portfolio that a file describes')
    .requiredOption('--config <file>', 'YAML; every key is described in docs/configuration.md')
    .addOption(json)
    .addOption(dryRun)
    .addOption(deltaChange)
    .addHelpText('after', `${KEY}\n${EXIT_CODES}`)
    .action(async (options: HedgeOptions) => {
      ended(await hedge(options, signal));
    });

  program
    .command('resume')
    .description('bring what a crash left behind to its end, doing nothing twice')
    .requiredOption('--config <file>', 'the same file as for hedge')
    .addOption(json)
    .addHelpText('after', `${KEY}\n${EXIT_CODES}`)
    .action(async (options: Pick<HedgeOptions, 'config' | 'json'>) => {
      ended(await resume(options, signal));
    });

  program
    .command('verify')
    .description('check chain id, code and code hashes of everything that would be called')
    .requiredOption('--rpc <url>', 'JSON-RPC endpoint')
    .option('--chain <id>', 'the chain that it should be; default: what the endpoint says', wholeNumber)
    .option('--pins <file>', 'code hashes that you trust, from an earlier --write-pins')
    .option('--write-pins <file>', 'record the code hashes that were found')
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: VerifyOptions) => {
      ended(await verify(options, signal));
    });

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
      ended(await backtest(options, signal));
    });

  program
    .command('forecast')
    .description('judge the volatility forecasters on a history of candles, or say what they say now')
    .requiredOption('--data <file>', 'CSV of candles, oldest first: timestamp,open,high,low,close')
    .option('--horizons <days>', 'whole days, with commas', '1,7,30')
    .option('--from <date>', 'judge forecasts from this day on (2023-01-31); a year is always seen first')
    .option('--now', 'print the forecast after the last candle, with its interval', false)
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: ForecastOptions) => {
      ended(await forecast(options));
    });

  program
    .command('profile')
    .description('the cheapest trades to a target of delta, gamma and vega; sends nothing')
    .requiredOption('--problem <file>', 'YAML or JSON; every key is described in docs/profile.md')
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action((options: ProfileCommandOptions) => {
      ended(profile(options));
    });

  const numeric = (flags: string, description: string, key: keyof typeof DEFAULT_SETTING): Option =>
    new Option(flags, description).argParser(anyNumber).default(DEFAULT_SETTING[key]);
  program
    .command('schedule-bench')
    .description('every schedule against a single trade and a naive TWAP, on a simulated pool that is refilled')
    .addOption(numeric('--units <number>', 'what is sold', 'units'))
    .addOption(numeric('--spot-usd <number>', 'price of a unit at the decision', 'spotUsd'))
    .addOption(numeric('--sigma-percent <number>', 'volatility a year', 'sigmaPercent'))
    .addOption(numeric('--span-seconds <number>', 'time that may be taken', 'spanSeconds'))
    .addOption(numeric('--slices <number>', 'the most slices', 'slices'))
    .addOption(numeric('--pool-units <number>', 'what the pool holds of the underlying', 'poolUnits'))
    .addOption(numeric('--fee-bps <number>', 'fee of the pool', 'feeBps'))
    .addOption(numeric('--half-life-seconds <number>', 'until half of a price impact is gone', 'halfLifeSeconds'))
    .addOption(numeric('--gas-usd <number>', 'gas of a slice', 'gasUsd'))
    .addOption(numeric('--risk-aversion <number>', 'per USD; 0 minds no risk', 'riskAversion'))
    .addOption(numeric('--latency-seconds <number>', 'from the decision to the first slice', 'latencySeconds'))
    .addOption(numeric('--paths <number>', 'simulated price paths', 'paths'))
    .addOption(numeric('--seed <number>', 'the same seed gives the same paths', 'seed'))
    .option('--html <file>', 'write a page with plots')
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: ScheduleBenchOptions) => {
      ended(await scheduleBench(options, signal));
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
    .option('--gas <number>', 'fixed cost of a trade, numeraire', '0.0025')
    .option('--gamma <number>', 'absolute risk aversion per numeraire, of U(W) = -exp(-gamma W)', '0.02')
    .option('--steps <number>', 'looks at the book over its life, evenly', '720')
    .option('--unwind', 'the hedge must be traded away at the end; otherwise it is taken over for nothing', false)
    .option('--paths <number>', 'simulated paths a rule, 0 for none', '2000')
    .option('--seed <number>', 'of the simulation', wholeNumber, 1)
    .addOption(json)
    .addHelpText('after', BENCH_NOTES)
    .action(async (options: PolicyBenchOptions) => {
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
      ended(await route(options, signal));
    });

  return program;
}

/** An error of ours speaks for itself; any other is a bug of ours and shows where it comes from. */
function report(error: unknown, asJson: boolean): void {
  const known = error instanceof EvenkeelError ? error : undefined;
  if (asJson) {
    const plain = known?.toJSON() ?? {
      code: 'UNEXPECTED',
      message: error instanceof Error ? error.message : String(error),
    };
    process.stdout.write(`${JSON.stringify({ outcome: 'failed', error: plain }, null, 2)}\n`);
    return;
  }
  if (known === undefined) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return;
  }
  process.stderr.write(`${pc.red(known.code)} ${known.message}\n`);
  if (known.retryable) process.stderr.write('Trying again later may help.\n');
}
