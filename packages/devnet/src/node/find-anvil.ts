import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { DevnetError } from '../errors.js';

/**
 * Path of the anvil binary: the one that came as an optional npm dependency, else the first on PATH.
 *
 * @throws {DevnetError} `ANVIL_MISSING`
 */
export function findAnvil(env: NodeJS.ProcessEnv = process.env, from: string = import.meta.url): string {
  const found = fromPackage(from) ?? fromPath(env['PATH'] ?? '');
  if (found !== undefined) return found;
  throw new DevnetError(
    'ANVIL_MISSING',
    `There is no anvil for ${process.platform}-${process.arch}. On 64-bit Linux run \`npm install --include=optional\`; elsewhere install Foundry (https://getfoundry.sh) and see that \`anvil --version\` works in this shell.`,
    { details: { platform: process.platform, arch: process.arch } },
  );
}

const BINARY = process.platform === 'win32' ? 'anvil.exe' : 'anvil';

function fromPackage(from: string): string | undefined {
  const name = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  try {
    const manifest = createRequire(from).resolve(`${name}/package.json`);
    return executable(join(dirname(manifest), 'bin', BINARY));
  } catch {
    return undefined;
  }
}

function fromPath(path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    const found = folder === '' ? undefined : executable(join(folder, BINARY));
    if (found !== undefined) return found;
  }
  return undefined;
}

function executable(file: string): string | undefined {
  try {
    accessSync(file, constants.X_OK);
    return file;
  } catch {
    return undefined;
  }
}
