#!/usr/bin/env node
import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { demo, type DemoOptions } from './commands/demo.js';
import { hedge, type HedgeOptions, resume } from './commands/hedge.js';
import { verify, type VerifyOptions } from './commands/verify.js';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    stop.abort(
      new EvenkeelError('INTERRUPTED', 'Interrupted. What was sent is in the journal.', {
        hint: 'Run `evenkeel resume`.',
      }),
    );
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('Use a whole number, 0 or more.');
}

const json = new Option('--json', 'print one JSON document on standard output and nothing else').default(false);
const dryRun = new Option('--dry-run', 'go the same way, simulate everything, send nothing').default(false);
const deltaChange = new Option('--delta-change <units>', 'trade exactly this change of delta, signed, such as -1.25');

const program = new Command()
  .name('evenkeel')
  .description(
    'Keeps the delta of on-chain derivative portfolios where their owners want it, on whatever chain is cheapest.',
  )
  .version('0.0.0')
  .showHelpAfterError()
  .configureHelp({ showGlobalOptions: true });

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
  .action(async (options: DemoOptions) => {
    process.exitCode = await demo(options, stop.signal);
  });

program
  .command('hedge')
  .description('one rebalancing of the portfolio that a file describes')
  .requiredOption('--config <file>', 'YAML; every key is described in docs/configuration.md')
  .addOption(json)
  .addOption(dryRun)
  .addOption(deltaChange)
  .action(async (options: HedgeOptions) => {
    process.exitCode = await hedge(options, stop.signal);
  });

program
  .command('resume')
  .description('bring what a crash left behind to its end, doing nothing twice')
  .requiredOption('--config <file>', 'the same file as for hedge')
  .addOption(json)
  .action(async (options: Pick<HedgeOptions, 'config' | 'json'>) => {
    process.exitCode = await resume(options, stop.signal);
  });

program
  .command('verify')
  .description('check chain id, code and code hashes of everything that would be called')
  .requiredOption('--rpc <url>', 'JSON-RPC endpoint')
  .option('--chain <id>', 'the chain that it should be; default: what the endpoint says', wholeNumber)
  .option('--pins <file>', 'code hashes that you trust, from an earlier --write-pins')
  .option('--write-pins <file>', 'record the code hashes that were found')
  .addOption(json)
  .action(async (options: VerifyOptions) => {
    process.exitCode = await verify(options, stop.signal);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = 1;
  report(error);
}

/** An error of ours speaks for itself; any other is a bug of ours and shows where it comes from. */
function report(error: unknown): void {
  const known = error instanceof EvenkeelError ? error : undefined;
  if (process.argv.includes('--json')) {
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
  if (!(known instanceof InvalidInputError) && known.retryable) process.stderr.write('Trying again later may help.\n');
}
