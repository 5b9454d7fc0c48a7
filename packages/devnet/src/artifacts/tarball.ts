import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { list } from 'tar';
import { DevnetError } from '../errors.js';
import type { LockedTarball } from './lock.js';

const run = promisify(execFile);

/**
 * Fetches a package by `npm pack` into a folder of its own within `scratch`, and checks it. Nothing of it is installed or
 * run.
 *
 * @returns where the tarball lies
 * @throws {DevnetError} `ARTIFACT_FETCH_FAILED`, `ARTIFACT_INTEGRITY`, `ABORTED`
 */
export async function fetchTarball(item: LockedTarball, scratch: string, signal?: AbortSignal): Promise<string> {
  const folder = await mkdtemp(join(scratch, 'package-'));
  const tarball = await pack(item, folder, signal);
  await verify(tarball, item);
  return tarball;
}

async function pack(item: LockedTarball, scratch: string, signal?: AbortSignal): Promise<string> {
  const spec = `${item.name}@${item.version}`;
  try {
    const windows = process.platform === 'win32';
    const args = ['pack', spec, '--pack-destination', scratch, '--ignore-scripts', '--silent'];
    await run(windows ? 'npm.cmd' : 'npm', args, { cwd: scratch, shell: windows, ...(signal && { signal }) });
  } catch (cause) {
    if (signal?.aborted) throw new DevnetError('ABORTED', `The download of ${spec} was aborted.`, { cause });
    throw new DevnetError(
      'ARTIFACT_FETCH_FAILED',
      `npm could not fetch ${spec}, whose contracts the local world is built from. Check that \`npm pack ${spec}\` works here, then try again; what was fetched before is kept.`,
      { retryable: true, cause, details: { package: spec } },
    );
  }
  const name = (await readdir(scratch)).find((entry) => entry.endsWith('.tgz'));
  if (name !== undefined) return join(scratch, name);
  throw new DevnetError('ARTIFACT_FETCH_FAILED', `npm said that it packed ${spec} but left no tarball. Try again.`, {
    retryable: true,
  });
}

async function verify(tarball: string, item: LockedTarball): Promise<void> {
  const digest = createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64');
  if (`sha512-${digest}` === item.integrity) return;
  throw new DevnetError(
    'ARTIFACT_INTEGRITY',
    `The tarball of ${item.name}@${item.version} is not the one that artifacts.lock.json was made for. Do not use it: find out what your npm registry serves, and clear its cache entry with \`npm cache clean --force\`.`,
    { details: { package: `${item.name}@${item.version}`, expected: item.integrity, got: `sha512-${digest}` } },
  );
}

/** The texts of the files of a tarball for whose paths `wanted` holds, by path within the package. */
export async function textsOf(
  tarball: string,
  wanted: (path: string) => boolean,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  await list({
    file: tarball,
    onReadEntry: (entry) => {
      const path = entry.path.slice(entry.path.indexOf('/') + 1);
      if (!wanted(path)) {
        entry.resume();
        return;
      }
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on('end', () => texts.set(path, Buffer.concat(chunks).toString('utf8')));
    },
  });
  return texts;
}
