import { EvenkeelError } from '@evenkeel/intents';
import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { addAgentCommands } from './agent-commands.js';
import { addChainCommands } from './chain-commands.js';
import { EXIT_CODES } from './cli-options.js';
import { addStudyCommands } from './study-commands.js';

/** A command line that cannot be understood. Code `USAGE_INVALID`. */
class UsageInvalidError extends EvenkeelError {
  constructor({ code, message }: CommanderError) {
    const problem = code === 'commander.help' ? 'no command is given' : message.replace(/^error: /, '');
    super('USAGE_INVALID', `${problem.charAt(0).toUpperCase()}${problem.slice(1).replace(/\.?$/, '.')}`, {
      hint: 'See `evenkeel --help`.',
    });
  }
}

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

  addChainCommands(program, { ended, signal });
  addStudyCommands(program, { ended, signal });
  addAgentCommands(program, { ended, signal });
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
