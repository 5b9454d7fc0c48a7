import { type Command, Option } from 'commander';
import { json, type Surroundings } from './cli-options.js';
import type { AgentOptions } from './commands/agent.js';
import type { AuditOptions } from './commands/audit.js';

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
      const { agent } = await import('./commands/agent.js');
      ended(await agent(options, signal));
    });

  program
    .command('audit')
    .description("verify an agent's audit log, or export it")
    .option('--config <file>', "the agent's file, which says where its state is")
    .option('--state <folder>', "the agent's state folder")
    .option('--file <file>', 'verify an export (jsonl) instead')
    .option('--head <seq:hash>', 'an entry that was written down elsewhere: the log has to pass through it')
    .addOption(new Option('--export <format>', 'print all entries on standard output').choices(['jsonl', 'csv']))
    .addOption(json)
    .action(async (options: AuditOptions) => {
      const { audit } = await import('./commands/audit.js');
      ended(await audit(options));
    });
}
