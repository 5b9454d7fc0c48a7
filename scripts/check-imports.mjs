#!/usr/bin/env node
// Programs that no compiler sees (scenarios, benchmarks, examples, scripts) have to import what there is: a name that has gone
// breaks them only when somebody runs them.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Peers of benchmarks are installed on demand, in folders of their own.
const listed = spawnSync('git', ['ls-files', '*.mjs', ':!bench/routing/peers'], { cwd: root, encoding: 'utf8' });
if (listed.status !== 0) throw new Error(`git does not list the files: ${listed.stderr}`);
const files = listed.stdout.split('\n').filter((file) => file !== '');

/** No such member, module, or default; not a module at all. */
const MISSING = new Set([1192, 2305, 2306, 2307, 2613, 2614, 2724]);
const program = ts.createProgram(
  files.map((file) => join(root, file)),
  {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
  },
);
const own = new Set(files.map((file) => join(root, file)));
const missing = program
  .getSourceFiles()
  .filter(({ fileName }) => own.has(fileName))
  .flatMap((file) => program.getSemanticDiagnostics(file))
  .filter(({ code }) => MISSING.has(code));
for (const { file, messageText, start } of missing) {
  const { line } = file.getLineAndCharacterOfPosition(start);
  const text = ts.flattenDiagnosticMessageText(messageText, ' ');
  console.error(`${file.fileName.slice(root.length + 1)}:${line + 1}: ${text}`);
}
process.exit(missing.length === 0 ? 0 : 1);
