#!/usr/bin/env node
// publint and "are the types wrong" over every package that is published.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { publishable, root } from './workspaces.mjs';

let failed = false;
for (const { name, folder } of publishable()) {
  for (const [tool, args] of [
    ['publint', ['--strict']],
    // ESM only: Node 20.19 and newer can require() it, which this profile knows.
    ['attw', ['--pack', '.', '--profile', 'esm-only', '--no-emoji', '--no-color']],
  ]) {
    try {
      execFileSync(join(root, 'node_modules', '.bin', tool), args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
    } catch (error) {
      failed = true;
      console.error(`${name}: ${tool} complains\n${error.stdout ?? ''}${error.stderr ?? ''}`);
    }
  }
}
process.exit(failed ? 1 : 0);
