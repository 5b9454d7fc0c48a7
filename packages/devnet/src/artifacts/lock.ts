import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_DIR } from '../cache-dir.js';
import { DevnetError } from '../errors.js';
import { WORLD_PARTS } from '../parts.js';
import type { WorldPart } from '../parts.js';

/** One version of an npm package. */
export interface LockedTarball {
  readonly name: string;
  readonly version: string;
  /** `sha512-` and the base64 digest of the packed tarball. */
  readonly integrity: string;
}

/** How bytecode is made of a package that publishes Solidity sources only. */
export interface LockedCompilation {
  /** The package `solc` of the version that the sources ask for. */
  readonly compiler: LockedTarball;
  /** Packages that the sources import from. */
  readonly imports: readonly LockedTarball[];
  /** Settings of solc's standard JSON input. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One npm package from which contract bytecode is taken. */
export interface LockedPackage extends LockedTarball {
  /** The part of the world that alone needs this package; without it every world does. */
  readonly part?: WorldPart;
  /**
   * Where in the package the creation bytecode of each contract lies: a path, and after `#` for a JavaScript file the
   * variable that holds it, for a JSON file of several contracts the way to one. Of a package that is compiled: the source, `:`, and the contract in it.
   */
  readonly files: Readonly<Record<string, string>>;
  readonly compile?: LockedCompilation;
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
  const { compile, files, part } = (item ?? {}) as Record<string, unknown>;
  return (
    isLockedTarball(item) &&
    (part === undefined || WORLD_PARTS.some((known) => known === part)) &&
    (compile === undefined || isLockedCompilation(compile)) &&
    typeof files === 'object' &&
    files !== null &&
    Object.values(files).every((path) => typeof path === 'string')
  );
}

function isLockedTarball(item: unknown): item is LockedTarball {
  const { integrity, name, version } = (item ?? {}) as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof version === 'string' &&
    typeof integrity === 'string' &&
    integrity.startsWith('sha512-')
  );
}

function isLockedCompilation(item: unknown): item is LockedCompilation {
  const { compiler, imports, settings } = (item ?? {}) as Record<string, unknown>;
  return (
    isLockedTarball(compiler) &&
    Array.isArray(imports) &&
    imports.every(isLockedTarball) &&
    typeof settings === 'object' &&
    settings !== null
  );
}
