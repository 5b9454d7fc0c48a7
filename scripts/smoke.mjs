#!/usr/bin/env node
// Packs every package as npm would publish it and loads each entry point in plain Node, as ESM and through require().
// Compilers, jest, publint and attw all miss what this finds: a dependency whose files plain Node cannot load.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as tar from 'tar';
import { publishable, root } from './workspaces.mjs';

// Below the root, so that third-party packages are found above, while ours are the unpacked tarballs and nothing else.
const stage = join(root, '.cache', 'smoke');
rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });

const packages = publishable();
for (const { name, folder } of packages) {
  const target = join(stage, 'node_modules', name);
  const packed = join(stage, name.replace('/', '-'));
  mkdirSync(target, { recursive: true });
  mkdirSync(packed, { recursive: true });
  execFileSync('npm', ['pack', '--pack-destination', packed], { cwd: folder, stdio: 'pipe' });
  await tar.x({ file: join(packed, readdirSync(packed)[0]), cwd: target, strip: 1 });
  // Versions that the package has for itself, which npm did not hoist.
  if (existsSync(join(folder, 'node_modules'))) symlinkSync(join(folder, 'node_modules'), join(target, 'node_modules'));
}

// Bindings to a test runner only load inside of that runner.
const needsRunner = (specifier) => specifier.endsWith('/jest');

let failed = false;
for (const { specifier } of packages.flatMap(({ entries }) => entries)) {
  if (needsRunner(specifier)) continue;
  const empty = `if (Object.keys(m).length === 0) throw new Error('exports nothing');`;
  for (const [how, args] of [
    ['import', ['--input-type=module', '-e', `const m = await import('${specifier}'); ${empty}`]],
    ['require', ['--input-type=commonjs', '-e', `const m = require('${specifier}'); ${empty}`]],
  ]) {
    try {
      execFileSync(process.execPath, args, { cwd: stage, stdio: 'pipe', encoding: 'utf8' });
    } catch (error) {
      failed = true;
      console.error(`${how} of ${specifier} fails in plain Node:\n${error.stderr}`);
    }
  }
}
rmSync(stage, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
