import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// The helper by which programs under scenarios/, scripts/ and bench/ read their options.

const helper = pathToFileURL(join(__dirname, '../../../scripts/options.mjs')).href;
const program = `
  import { readOptions } from ${JSON.stringify(helper)};
  const values = readOptions('Usage: program', {
    runs: { type: 'whole', least: 1, default: 40 },
    minutes: { type: 'number', above: 0, default: Infinity },
    engine: { type: 'string', of: ['sqlite', 'dbos'], default: 'sqlite' },
    only: { type: 'strings', of: ['1', '2'] },
    json: { type: 'boolean' },
  });
  console.log(JSON.stringify(values));
`;

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-options-'));
const file = join(folder, 'program.mjs');
writeFileSync(file, program);
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: readonly string[]): {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const { status, stderr, stdout } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

test('values have their types, and defaults where nothing was given', () => {
  expect(JSON.parse(run('--runs', '7', '--only', '2,1', '--json', '--engine=dbos').stdout)).toEqual({
    ...{ runs: 7, minutes: null, engine: 'dbos', only: ['2', '1'], json: true, help: false },
  });
  expect(JSON.parse(run('--minutes', '0.5').stdout)).toEqual({
    ...{ runs: 40, minutes: 0.5, engine: 'sqlite', json: false, help: false },
  });
});

test.each([
  ['an option that is not there', ['--foo']],
  ['a name that every object has', ['--constructor']],
  ['a short option', ['-x']],
  ['something that is no option', ['foo']],
  ['a number that is none', ['--runs', 'x']],
  ['a number below the least', ['--runs', '0']],
  ['a number that is not whole', ['--runs', '1.5']],
  ['a number at its open end', ['--minutes', '0']],
  ['a value that is missing', ['--runs']],
  ['an empty value', ['--runs=']],
  ['a choice that is not there', ['--engine', 'mysql']],
  ['one of several that is not there', ['--only', '1,3']],
  ['a value for what takes none', ['--json=yes']],
])('%s is told in a sentence above the usage, with exit code 2', (_, args) => {
  const { code, stderr, stdout } = run(...args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^INVALID_INPUT: .+\n\nUsage: program\n$/);
});

test('help goes to standard output', () => {
  expect(run('--help')).toEqual({ code: 0, stdout: 'Usage: program\n', stderr: '' });
});
