import { EvenkeelError } from '@evenkeel/intents';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { demo, type DemoOptions } from './commands/demo.js';
import { hedge, type HedgeOptions, resume } from './commands/hedge.js';
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

const json = new Option('--json', 'print one JSON document on standard output and nothing else').default(false);
const dryRun = new Option('--dry-run', 'go the same way, simulate everything, send nothing').default(false);
const deltaChange = new Option('--delta-change <units>', 'trade exactly this change of delta, signed, such as -1.25');

const EXIT_CODES = `
Exit codes:
  0    hedged, held or simulated; resumed; verified
  1    anything else, with a stable code and the way out; with --json as { "outcome": "failed", "error": { "code" } }
  130  interrupted (143 by SIGTERM); what was sent is in the journal`;

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
