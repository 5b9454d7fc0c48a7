import { type Command, Option } from 'commander';
import type { Surroundings } from './cli-options.js';
import { agent, type AgentOptions } from './commands/agent.js';

const EXIT = `
Exit codes:
  0    stopped in order: all that was begun has come to its end
  1    anything else, with a stable code and the way out
  130  interrupted (143 by SIGTERM) with something parked in the journal: the next start brings it to its end`;

/** Adds the commands of the long-running agent. */
export function addAgentCommands(program: Command, { ended, signal }: Surroundings): void {
  program
    .command('agent')
    .description('keep many portfolios until it is told to stop')
    .requiredOption('--config <file>', 'YAML; every key is described in docs/agent.md')
    .addOption(
      new Option('--log-level <level>', 'the least that is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .addHelpText('after', EXIT)
    .action(async (options: AgentOptions) => {
      ended(await agent(options, signal));
    });
}
