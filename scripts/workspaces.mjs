// The publishable packages and their entry points, read from their own package.json files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** `[{ name, folder, manifest, entries: [{ specifier, types }] }]`, private packages left out. */
export function publishable() {
  return readdirSync(join(root, 'packages'))
    .map((directory) => {
      const folder = join(root, 'packages', directory);
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const entries = Object.entries(manifest.exports ?? {})
        .filter(([, target]) => typeof target === 'object')
        .map(([subpath, target]) => ({
          specifier: subpath === '.' ? manifest.name : `${manifest.name}/${subpath.slice(2)}`,
          subpath,
          types: join(folder, target.types),
        }));
      return { name: manifest.name, directory, folder, manifest, entries };
    })
    .filter(({ manifest }) => manifest.private !== true);
}
