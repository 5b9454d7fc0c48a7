import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, whether it runs from `src` or from `dist`. */
export const PACKAGE_DIR: string = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Where artifacts and dumped states are kept unless the caller says otherwise: `.cache/devnet` at the root of the
 * monorepo when this package lies in one, else the user's own cache folder.
 */
export function defaultCacheDir(): string {
  const root = dirname(dirname(PACKAGE_DIR));
  if (isMonorepo(root)) return join(root, '.cache', 'devnet');
  const base = process.env['XDG_CACHE_HOME'] ?? process.env['LOCALAPPDATA'] ?? join(homedir(), '.cache');
  return join(base, 'evenkeel', 'devnet');
}

function isMonorepo(root: string): boolean {
  const manifest = join(root, 'package.json');
  if (!existsSync(manifest)) return false;
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  return (
    typeof parsed === 'object' && parsed !== null && 'workspaces' in parsed && existsSync(join(root, 'lerna.json'))
  );
}
