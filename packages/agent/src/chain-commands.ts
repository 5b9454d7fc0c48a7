import { type Command, Option } from 'commander';
import { EXIT_CODES, json, positiveNumber, type Surroundings, wholeNumber } from './cli-options.js';
import type { BatchOptions } from './commands/batch.js';
import type { DemoOptions } from './commands/demo.js';
import type { HedgeOptions } from './commands/hedge.js';
import type { PrepareOptions } from './commands/prepare.js';
import type { VerifyOptions } from './commands/verify.js';

const dryRun = new Option('--dry-run', 'go the same way, simulate everything, send nothing').default(false);
const deltaChange = new Option('--delta-change <units>', 'trade exactly this change of delta, signed, such as -1.25');

const KEY = `
Environment:
  EVENKEEL_PRIVATE_KEY  the owner's key, 0x and 64 hex digits; privateKeyEnv in the configuration names another variable`;

/** Adds the commands that look at chains and act on them. */
export function addChainCommands(program: Command, { ended, signal }: Surroundings): void {
  program
    .command('demo')
    .description('the main job on three local chains with real protocol contracts')
    .addOption(json)
    .addOption(dryRun)
    .addOption(deltaChange)
    .addOption(
      new Option('--book <name>', 'calls and liquidity hedged with spot, or options hedged with whatever is cheapest')
        .choices(['calls', 'options'])
        .default('calls'),
    )
    .addOption(
      new Option('--step-hours <hours>', 'of the options book: between two looks').argParser(positiveNumber).default(8),
    )
    .option('--path <file>', 'of the options book: lines of "seconds,price" that the whole market follows')
    .option('--seed <number>', 'varies the world; the same seed gives the same one', wholeNumber, 1)
    .addOption(
      new Option('--schedule <kind>', 'how the trade is spread over time')
        .choices(['auto', 'single', 'twap', 'vwap', 'almgren-chriss', 'obizhaeva-wang', 'optimal'])
        .default('auto'),
    )
    .addHelpText('after', EXIT_CODES)
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./commands/demo.js');
      ended(await demo(options, signal));
    });

  program
    .command('batch')
    .description('many portfolios share one settlement a chain, against each trading alone')
    .option('--demo', 'on three local chains with real protocol contracts', false)
    .option('--portfolios <number>', 'how many', positiveNumber, 50)
    .option('--seed <number>', 'varies who needs what', wholeNumber, 1)
    .option('--same-sign', 'all buy: nothing can cross', false)
    .option('--one-owner', 'all accounts are of one owner, who may settle by one operation of its own', false)
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: BatchOptions) => {
      const { batch } = await import('./commands/batch.js');
      ended(await batch(options, signal));
    });

  program
    .command('hedge')
    .description('one rebalancing of the portfolio that a file describes')
    .requiredOption('--config <file>', 'YAML; every key is described in docs/configuration.md')
    .addOption(json)
    .addOption(dryRun)
    .addOption(deltaChange)
    .option('--keep-margin', 'first bring margins back that are too near to liquidation; else they are told of', false)
    .addHelpText('after', `${KEY}\n${EXIT_CODES}`)
    .action(async (options: HedgeOptions) => {
      const { hedge } = await import('./commands/hedge.js');
      ended(await hedge(options, signal));
    });

  program
    .command('resume')
    .description('bring what a crash left behind to its end, doing nothing twice')
    .requiredOption('--config <file>', 'the same file as for hedge')
    .addOption(json)
    .addHelpText('after', `${KEY}\n${EXIT_CODES}`)
    .action(async (options: Pick<HedgeOptions, 'config' | 'json'>) => {
      const { resume } = await import('./commands/hedge.js');
      ended(await resume(options, signal));
    });

  program
    .command('prepare')
    .description('prepare the table of the exact optimum that the next hedge will read; sends nothing, needs no key')
    .requiredOption('--config <file>', 'the same file as for hedge')
    .addOption(json)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: PrepareOptions) => {
      const { prepare } = await import('./commands/prepare.js');
      ended(await prepare(options, signal));
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
      const { verify } = await import('./commands/verify.js');
      ended(await verify(options, signal));
    });
}
