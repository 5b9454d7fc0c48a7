import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_DIR } from '../cache-dir.js';
import { DevnetError } from '../errors.js';
import { WORLD_PARTS } from '../parts.js';
import type { WorldPart } from '../parts.js';

/** One npm package from which contract bytecode is taken. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** `sha512-` and the base64 digest of the packed tarball. */
  readonly integrity: string;
  /** The part of the world that alone needs this package; without it every world does. */
  readonly part?: WorldPart;
  /**
   * Where in the package the creation bytecode of each contract lies: a path, and for a JavaScript file after `#` the
   * variable that holds it.
   */
  readonly files: Readonly<Record<string, string>>;
}

export interface ArtifactsLock {
  readonly packages: readonly LockedPackage[];
  /** The file as it is; part of the key of every cache. */
  readonly text: string;
}

/** Reads the list of packages that this version of the world is built from. */
export function readLock(): ArtifactsLock {
  const text = readFileSync(join(PACKAGE_DIR, 'src', 'artifacts.lock.json'), 'utf8');
  const parsed: unknown = JSON.parse(text);
  const packages = (parsed as { packages?: unknown }).packages;
  if (!Array.isArray(packages) || !packages.every(isLockedPackage)) {
    throw new DevnetError('ARTIFACT_INVALID', 'artifacts.lock.json is damaged. Restore it from version control.');
  }
  return { packages, text };
}

function isLockedPackage(item: unknown): item is LockedPackage {
  const { files, integrity, name, part, version } = (item ?? {}) as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof version === 'string' &&
    typeof integrity === 'string' &&
    integrity.startsWith('sha512-') &&
    (part === undefined || WORLD_PARTS.some((known) => known === part)) &&
    typeof files === 'object' &&
    files !== null &&
    Object.values(files).every((path) => typeof path === 'string')
  );
}
