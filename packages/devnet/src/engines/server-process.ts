import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DevnetError } from '../errors.js';
import { GUARD } from '../node/anvil.js';

/** A server that an engine needs, as a process of its own that dies with ours. */
export interface ServerProcess {
  /** SIGKILL: nothing is flushed, nothing is closed. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on what it has left behind. @throws {DevnetError} `SERVER_FAILED` */
  restart(): Promise<void>;
  /** Ends it. Safe to call twice. */
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly name: string;
  readonly binary: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whose process it is, where not ours. */
  readonly uid?: number;
  readonly gid?: number;
  /** Whether it answers. */
  readonly isReady: () => Promise<boolean>;
}

const START_MS = 30_000;
const POLL_MS = 50;

/** @throws {DevnetError} `SERVER_FAILED` */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  let child: ChildProcess | undefined;
  let log = '';

  const launch = async (): Promise<void> => {
    const { args, binary, cwd, env, gid, uid } = command;
    const started = spawn('sh', ['-c', GUARD, binary, ...args], {
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own, so that all of it can be killed at once.
      detached: true,
      ...(env === undefined ? {} : { env }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    child = started;
    log = '';
    const hear = (chunk: Buffer): void => void (log = `${log}${chunk.toString()}`.slice(-4000));
    started.stdout.on('data', hear);
    started.stderr.on('data', hear);
    started.once('error', (error) => hear(Buffer.from(error.message)));
    // What writes to a process that is gone is of no interest.
    started.stdin.on('error', () => undefined);
    const until = Date.now() + START_MS;
    while (Date.now() < until && started.exitCode === null && started.signalCode === null) {
      if (await command.isReady().catch(() => false)) return;
      await delay(POLL_MS);
    }
    await end('SIGKILL');
    const why = /in use/i.test(log)
      ? 'A port that it needs is in use: stop whoever has it.'
      : `Run \`${binary}\` by hand to see why.`;
    throw new DevnetError('SERVER_FAILED', `${command.name} did not get ready. ${why}`, { details: { output: log } });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    child = undefined;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const closed = new Promise<void>((resolve) => running.once('close', () => resolve()));
    try {
      process.kill(-running.pid, signal);
    } catch {
      // It went by itself.
    }
    running.stdin?.end();
    await closed;
  };

  await launch();
  return Object.freeze({
    kill: () => end('SIGKILL'),
    restart: async () => {
      // What a killed server has left (locks, children that have yet to notice) takes a moment to go.
      for (let tries = 0; ; tries++) {
        try {
          await launch();
          return;
        } catch (error) {
          if (tries === 9) throw error;
          await delay(200);
        }
      }
    },
    stop: () => end('SIGINT'),
  });
}

/** Ports of the loopback interface that nobody uses now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
