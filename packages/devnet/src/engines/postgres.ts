import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DevnetError } from '../errors.js';
import { freePorts, type ServerProcess, startServer } from './server-process.js';

export interface LocalPostgresOptions {
  /** Its data; kept when it stops. Default: a temporary folder that goes with it. */
  readonly folder?: string;
  /** Default: one that is free. */
  readonly port?: number;
}

export interface LocalPostgres extends ServerProcess {
  readonly url: string;
}

/** Where Debian puts what is not on the PATH. */
const DEBIAN = '/usr/lib/postgresql';

/** The folder with `postgres` and `initdb`, on the PATH or where Debian's package puts them; undefined without them. */
export function findPostgres(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter((each) => each !== ''), ...debian.reverse()];
  return folders.find((folder) => ['postgres', 'initdb'].every((name) => existsSync(join(folder, name))));
}

/**
 * Starts a PostgreSQL of this machine on the loopback interface, for one who trusts whoever is on this machine. It syncs to
 * disk as it does by default, and dies with our process.
 *
 * @throws {DevnetError} `SERVER_MISSING`, `SERVER_FAILED`
 */
export async function startPostgres(options: LocalPostgresOptions = {}): Promise<LocalPostgres> {
  const binaries = findPostgres();
  if (binaries === undefined) {
    throw new DevnetError('SERVER_MISSING', 'There is no PostgreSQL here. Install it: apt-get install postgresql.');
  }
  const user = unprivileged();
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'evenkeel-postgres-'));
  mkdirSync(folder, { recursive: true });
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  if (!existsSync(join(data, 'PG_VERSION'))) {
    const args = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'];
    const { status, stderr } = spawnSync(join(binaries, 'initdb'), args, { cwd: folder, encoding: 'utf8', ...user });
    if (status !== 0) throw new DevnetError('SERVER_FAILED', `initdb failed: ${stderr.slice(-600)}`);
  }
  const port = options.port ?? (await freePorts(1))[0]!;
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200' };
  const server = await startServer({
    name: 'PostgreSQL',
    binary: join(binaries, 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    cwd: folder,
    ...user,
    isReady: () => accepts(port),
  });
  return Object.freeze({
    ...server,
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await server.stop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** PostgreSQL refuses to run as root: then as the user that its package has made, or as nobody. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const idOf = (flag: string): number =>
        Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: idOf('-u'), gid: idOf('-g') };
    } catch {
      // No such user.
    }
  }
  return undefined;
}

/** Whether it takes connections: it answers the request for encryption with a letter, also before it is of use. */
async function accepts(port: number): Promise<boolean> {
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const user = Buffer.from('user\0postgres\0database\0postgres\0\0');
    const startup = Buffer.alloc(8);
    startup.writeInt32BE(8 + user.length, 0);
    startup.writeInt32BE(196_608, 4);
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('connect', () => socket.write(Buffer.concat([startup, user])));
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      resolve(chunk);
    });
  });
  // 'R': authentication; an error would be 'E', as it is while it starts.
  return answer[0] === 0x52;
}
