import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevnetError } from '../errors.js';
import { findAnvil } from './find-anvil.js';
import { createRpc } from './rpc.js';
import type { Rpc } from './rpc.js';

const ATTEMPTS = 5;
const START_TIMEOUT_MS = 20_000;

export interface AnvilOptions {
  readonly chainId: number;
  /** Unix time of the genesis block. */
  readonly genesisTimeSeconds: number;
  readonly signal?: AbortSignal;
}

/** A running anvil process. */
export interface Anvil {
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly rpc: Rpc;
  /**
   * SIGKILL, with what a node keeps on its disk kept: blocks and state. What waits to be mined is lost, and whatever was
   * asked is not answered. Blocks must have ceased to be mined.
   *
   * @returns starts it again, on the same port
   */
  readonly crash: () => Promise<() => Promise<void>>;
  /** Ends the process. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts an anvil on a free port of the loopback interface.
 *
 * The process dies with ours however ours ends, a crash and SIGKILL included: on POSIX a small shell stands between that
 * ends anvil as soon as the pipe to us breaks; elsewhere an exit handler does what it can.
 *
 * @throws {DevnetError} `ANVIL_MISSING`, `ANVIL_FAILED`, `ABORTED`
 */
export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const binary = findAnvil();
  let failure: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (options.signal?.aborted) throw new DevnetError('ABORTED', 'The start of the local world was aborted.');
    const port = await freePort();
    try {
      return await launch(binary, port, options);
    } catch (error) {
      failure = error;
      if (!(error instanceof DevnetError && error.retryable)) throw error;
    }
  }
  throw failure;
}

async function launch(binary: string, port: number, options: AnvilOptions): Promise<Anvil> {
  const { chainId } = options;
  let running = await listening(binary, port, options);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const rpc = createRpc(rpcUrl);
  return Object.freeze({
    chainId,
    rpcUrl,
    rpc,
    stop: () => running.stop(),
    crash: async () => {
      const state = await rpc.request('anvil_dumpState');
      await running.kill();
      return async () => {
        running = await listening(binary, port, options);
        await rpc.request('anvil_loadState', [state]);
      };
    },
  } satisfies Anvil);
}

interface Listening {
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** A process that has said that it listens. */
function listening(binary: string, port: number, options: AnvilOptions): Promise<Listening> {
  // Old states go to disk, gigabytes in a long run: one that is killed would leave them in the user's home for ever.
  const states = mkdtempSync(join(tmpdir(), 'evenkeel-anvil-'));
  const child = spawnGuarded(binary, [
    ...['--host', '127.0.0.1', '--port', String(port)],
    ...['--chain-id', String(options.chainId), '--timestamp', String(options.genesisTimeSeconds)],
    ...['--cache-path', states, '--no-request-size-limit', '--accounts', '1', '--order', 'fifo'],
    // A block is final two blocks later, not sixty-four: tests that wait for finality would mine, and keep, them all.
    ...['--slots-in-an-epoch', '1'],
  ]);
  const stopped = new Promise<void>((resolve) =>
    child.once('close', () => {
      rmSync(states, { recursive: true, force: true });
      resolve();
    }),
  );
  const stop = async (): Promise<void> => {
    end(child);
    await stopped;
  };
  const kill = async (): Promise<void> => {
    // All of the group at once: the guard would only ask for an end.
    if (process.platform === 'win32' || child.pid === undefined) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
    await stopped;
  };
  return new Promise<Listening>((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => fail(`did not get ready within ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    const settle = (): void => {
      clearTimeout(timer);
      child.stdout?.off('data', hear).resume();
      child.stderr?.off('data', hear).resume();
      child.off('close', died);
    };
    const fail = (problem: string): void => {
      settle();
      end(child);
      const busy = /in use/i.test(output);
      const hint = busy ? 'Try again.' : `Run \`${binary}\` by hand to see why.`;
      const details = { port, output: output.slice(-2000) };
      reject(new DevnetError('ANVIL_FAILED', `anvil ${problem}. ${hint}`, { retryable: busy, details }));
    };
    const died = (): void => fail('ended while it was starting');
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      // Only our own child's word counts: whoever else answers on that port may be another world.
      if (!output.includes(`Listening on 127.0.0.1:${port}`)) return;
      settle();
      resolve(Object.freeze({ stop, kill }));
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('close', died);
    child.once('error', (error) => fail(`could not be run: ${error.message}`));
  });
}

/** Reads file descriptor 3 until we are gone, then ends anvil; and ends when anvil does. */
export const GUARD =
  'exec 3<&0; "$0" "$@" 3<&- </dev/null & node=$!; { cat <&3; kill "$node"; } >/dev/null 2>&1 & wait "$node"';

function spawnGuarded(binary: string, args: readonly string[]): ChildProcess {
  if (process.platform !== 'win32') {
    return spawn('sh', ['-c', GUARD, binary, ...args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  }
  const child = spawn(binary, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): boolean => child.kill();
  process.once('exit', kill);
  child.once('close', () => process.off('exit', kill));
  return child;
}

function end(child: ChildProcess): void {
  if (child.stdin === null) child.kill();
  else child.stdin.end();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
