import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AgentRestartNeededError } from './errors.js';
import { type AgentConfig, loadAgentConfig } from './parse-agent.js';

export interface ConfigListener {
  readonly changed: (config: AgentConfig) => void;
  /** The file is wrong; what was in force stays so. */
  readonly refused: (error: unknown) => void;
}

export interface ConfigWatch {
  /** Reads the file again, changed or not. */
  reload(): void;
  close(): void;
}

/** Editors write a file in several goes, or another one in its place. */
const SETTLE_MS = 150;

/**
 * Tells when the agent's file has changed: what is in it, or why it is refused. The folder is watched rather than the
 * file, which editors replace.
 */
export function watchConfig(file: string, current: AgentConfig, listener: ConfigListener): ConfigWatch {
  const path = resolve(file);
  let inForce = current;
  let seen = contentOf(path);
  let timer: NodeJS.Timeout | undefined;
  const reload = (): void => {
    seen = contentOf(path);
    try {
      const next = loadAgentConfig(path);
      assertReloadable(inForce, next);
      inForce = next;
      listener.changed(next);
    } catch (error) {
      listener.refused(error);
    }
  };
  const look = (): void => {
    if (contentOf(path) !== seen) reload();
  };
  const watcher: FSWatcher = watch(dirname(path), (_event, name) => {
    if (name !== null && name !== basename(path)) return;
    clearTimeout(timer);
    timer = setTimeout(look, SETTLE_MS);
  });
  // A folder that goes away is no reason to end.
  watcher.on('error', () => undefined);
  return Object.freeze({
    reload,
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  });
}

/** @throws {AgentRestartNeededError} for a change of what is set up once */
export function assertReloadable(current: AgentConfig, next: AgentConfig): void {
  for (const key of ['name', 'stateFolder', 'mode', 'watch'] as const) {
    if (!isDeepStrictEqual(current.agent[key], next.agent[key])) {
      throw new AgentRestartNeededError(`agent.${key}`, next.agent[key]);
    }
  }
  for (const key of ['http', 'engine', 'telemetry'] as const) {
    if (!isDeepStrictEqual(current[key], next[key])) throw new AgentRestartNeededError(key, next[key]);
  }
}

/** Undefined while it cannot be read. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
