import { join } from 'node:path';
import { systemClock, systemRandom } from '../assemble/ambient.js';
import { type AgentConfig, loadAgentConfig } from '../agent/config/parse-agent.js';
import { watchConfig } from '../agent/config/watch-file.js';
import { jsonLogger, logEvent, type LogLevel } from '../agent/json-logger.js';
import { type Agent, openAgent } from '../agent/agent.js';
import { type ApiServer, serveApi } from '../agent/http/server.js';
import { agentMetrics } from '../agent/metrics.js';
import { openTraces, type Traces } from '../agent/telemetry/otlp.js';
import type { Logger } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import { signerOf } from './signer.js';

export interface AgentOptions {
  readonly config: string;
  readonly logLevel: LogLevel;
}

/**
 * Keeps many portfolios until it is told to stop. Its log goes to standard error, a JSON object a line.
 *
 * @returns the exit code: 0 when all that was begun has come to its end, 1 when something is parked in the journal
 */
export async function agent(options: AgentOptions, signal: AbortSignal): Promise<number> {
  const config = loadAgentConfig(options.config);
  const logger = jsonLogger(
    options.logLevel,
    (line) => void process.stderr.write(line),
    () => systemClock.now(),
  );
  const running = await openAgent(config, {
    folder: stateFolderOf(config),
    signerOf: (settings) => signerOf(settings.config),
    env: process.env,
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  const silence = running.events.listen((event) => logEvent(logger, event));
  const metrics = agentMetrics(running);
  const traces = tracesOf(config, logger);
  const untraced = running.events.listen((event) => traces?.hear(event));
  const watching = watchConfig(options.config, config, reloading(running));
  const reload = (): void => watching.reload();
  process.on('SIGHUP', reload);
  let api: ApiServer | undefined;
  try {
    if (config.http !== 'off') {
      api = await serveApi(running, metrics, config.http, process.env);
      logger.log('info', `The API is at ${api.url}.`, { url: api.url });
    }
    return (await running.run(signal)) === 0 ? 0 : 1;
  } finally {
    process.off('SIGHUP', reload);
    watching.close();
    await api?.close();
    metrics.close();
    silence();
    await running.close();
    untraced();
    await traces?.close();
  }
}

function tracesOf({ agent: { name }, telemetry }: AgentConfig, logger: Logger): Traces | undefined {
  if (telemetry === 'off') return undefined;
  const headers = process.env[telemetry.headersEnv];
  return openTraces({
    otlpUrl: telemetry.otlpUrl,
    agent: name,
    logger,
    ...(headers === undefined ? {} : { headers }),
  });
}

/** Where an agent keeps its journal, its limits and its audit log. */
export function stateFolderOf({ agent: { name, stateFolder } }: Pick<AgentConfig, 'agent'>): string {
  return stateFolder ?? join('.evenkeel', name);
}

/** A file that is wrong is told, and changes nothing. */
function reloading(running: Agent): Parameters<typeof watchConfig>[2] {
  const refused = (error: unknown): void => {
    try {
      tell(error);
    } catch (untold) {
      running.worker.breakOff(untold);
    }
  };
  const tell = (error: unknown): void => {
    const code = error instanceof EvenkeelError ? error.code : 'UNEXPECTED';
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = `The changed configuration is refused, the one before it stays in force: ${reason}`;
    running.events.emit({ kind: 'config', level: 'error', code: 'CONFIG_REFUSED', sentence, details: { cause: code } });
    running.alerts.raise({ key: `config:${code}`, level: 'warning', code: 'CONFIG_REFUSED', sentence });
  };
  return {
    changed: (next) => {
      try {
        running.apply(next);
      } catch (error) {
        refused(error);
      }
    },
    refused,
  };
}
