import type { Logger } from '@evenkeel/core';
import { postgresJournal, type SharedJournal } from '@evenkeel/core/journal-postgres';
import type { WorkflowDefinition, WorkflowEngine } from '@evenkeel/core/workflow';
import { InvalidInputError } from '@evenkeel/intents';
import { dbosEngine } from '../../engines/dbos/engine.js';
import { restateEngine } from '../../engines/restate/engine.js';
import type { AgentConfig } from '../config/parse-agent.js';
import type { EngineConfig } from '../config/schema.js';
import { type SharedLedger, sharedLedger } from '../limits/shared-ledger.js';

/** An engine that several agents share. */
export type SharedEngineConfig = Exclude<EngineConfig, { readonly kind: 'sqlite' }>;

/** The outbox of all agents on the engine. @throws JOURNAL_*, INVALID_INPUT */
export function openSharedJournal(config: SharedEngineConfig, env: NodeJS.ProcessEnv): Promise<SharedJournal> {
  return postgresJournal({ connectionString: databaseOf(config, env), schema: config.schema });
}

/** The limits and stops of all agents on the engine. @throws SHARED_LIMITS_UNREACHABLE, INVALID_INPUT */
export function openSharedLedger(
  config: SharedEngineConfig,
  env: NodeJS.ProcessEnv,
  writer: string,
): Promise<SharedLedger> {
  return sharedLedger(databaseOf(config, env), `${config.schema}_limits`, writer);
}

/** @throws ENGINE_* */
export function openSharedEngine(
  { agent, engine }: Pick<AgentConfig, 'agent'> & { readonly engine: SharedEngineConfig },
  env: NodeJS.ProcessEnv,
  workflows: readonly WorkflowDefinition[],
  logger: Logger,
): Promise<WorkflowEngine> {
  switch (engine.kind) {
    case 'dbos':
      return dbosEngine({
        databaseUrl: databaseOf(engine, env),
        executorId: engine.executorId ?? agent.name,
        schema: `${engine.schema}_dbos`,
        workflows,
        logger,
      });
    case 'restate': {
      const { adminUrl, deploymentUrl, ingressUrl, listen } = engine;
      const reached = deploymentUrl === undefined ? {} : { deploymentUrl };
      return restateEngine({ ingressUrl, adminUrl, listen, ...reached, workflows, logger });
    }
  }
}

function databaseOf({ databaseUrl, databaseUrlEnv }: SharedEngineConfig, env: NodeJS.ProcessEnv): string {
  if (databaseUrl !== undefined) return databaseUrl;
  const found = env[databaseUrlEnv!];
  if (found !== undefined && found !== '') return found;
  const hint = `Set ${databaseUrlEnv!} to postgresql://user:password@host:5432/database.`;
  throw new InvalidInputError('engine.databaseUrlEnv', databaseUrlEnv, 'names a variable that is not set', hint);
}
