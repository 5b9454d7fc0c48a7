#!/usr/bin/env node
// A lock file that lacks a platform's optional dependency makes `npm ci` fail on that platform, for everybody there.
// Also refuses download addresses in the lock: they would tie it to one registry host.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

/** Whether `name` can be resolved from the package at `path` in the lock: its own folder first, then every parent's. */
function isLocked(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
    if (!at.includes('node_modules/')) at = '';
    if (at === '' && packages[`node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
}

const missing = [];
const addressed = [];
for (const [path, entry] of Object.entries(packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!isLocked(path, name)) missing.push(`${name} (wanted by ${path || 'the root'})`);
  }
  if (typeof entry.resolved === 'string' && entry.resolved.startsWith('http')) addressed.push(path);
}
if (missing.length > 0) {
  console.error(`package-lock.json lacks ${missing.length} optional dependencies:\n  ${missing.join('\n  ')}`);
  console.error('Remove node_modules and package-lock.json, run `npm install`, and commit the new lock.');
}
if (addressed.length > 0) {
  console.error(`package-lock.json names download addresses (${addressed.slice(0, 3).join(', ')} …).`);
  console.error('Run `npm install --omit-lockfile-registry-resolved` and commit the new lock.');
}
process.exit(missing.length + addressed.length === 0 ? 0 : 1);
