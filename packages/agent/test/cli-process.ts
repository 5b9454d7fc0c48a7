import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { stringify } from 'yaml';
import { main } from '../src/main.js';

/** The command as it is installed: built, in a process of its own. */
const CLI = join(__dirname, '..', 'dist', 'cli.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once standard output holds `text`; rejects when the process ends without it. */
  said(text: string): Promise<string>;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  readonly cwd?: string;
}

/** Tables are kept here, so that no test finds what another run has left. */
const CACHE = mkdtempSync(join(tmpdir(), 'evenkeel-cache-'));
process.on('exit', () => rmSync(CACHE, { recursive: true, force: true }));

/** Starts the command. Of the environment it sees nothing but what a process needs. */
export function start(args: readonly string[], { cwd = tmpdir(), env = {}, node = [] }: CliOptions = {}): Running {
  const { HOME = '', PATH = '', TMPDIR } = process.env;
  const child = spawn(process.execPath, [...node, CLI, ...args], {
    cwd,
    env: { HOME, PATH, NO_COLOR: '1', XDG_CACHE_HOME: CACHE, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const said = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve(stdout);
      };
      child.stdout.on('data', look);
      look();
      void ended.then(() => reject(new Error(`It ended without "${text}":\n${stdout}\n${stderr}`)));
    });
  return { child, ended, said };
}

export function cli(args: readonly string[], options?: CliOptions): Promise<Ended> {
  return start(args, options).ended;
}

/** The same command inside of this process: quicker, for what needs no process of its own. */
export async function inProcess(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const before = { ...process.env };
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text.toString();
      return true;
    }),
  );
  Object.assign(process.env, { XDG_CACHE_HOME: CACHE }, env);
  try {
    return { code: await main(args, new AbortController().signal), ...written };
  } finally {
    process.env = before;
    for (const spy of spies) spy.mockRestore();
  }
}

/** The one JSON document that is all of standard output. */
export function documentIn({ stderr, stdout }: Ended): Record<string, unknown> {
  try {
    return v.parse(v.record(v.string(), v.unknown()), JSON.parse(stdout));
  } catch {
    throw new Error(`No JSON document:\n${stdout}\n${stderr}`);
  }
}

const failureSchema = v.strictObject({
  outcome: v.literal('failed'),
  error: v.object({
    code: v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]+$/)),
    message: v.string(),
    field: v.optional(v.string()),
    value: v.optional(v.unknown()),
  }),
});

/** The document of a command that failed. */
export function failureIn(
  ended: Ended,
): v.InferOutput<typeof failureSchema>['error'] & { readonly exitCode: number | null } {
  return { ...v.parse(failureSchema, documentIn(ended)).error, exitCode: ended.code };
}

/** A folder of its own for files of a test. */
export function folder(): string {
  return mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
}

export function writeYaml(inFolder: string, name: string, content: unknown): string {
  const file = join(inFolder, name);
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  return file;
}

/** Every spelling in which a private key could leak. */
export function spellingsOf(privateKey: string): readonly (string | Buffer)[] {
  const digits = privateKey.slice(2).toLowerCase();
  const bytes = Buffer.from(digits, 'hex');
  return [
    digits,
    digits.toUpperCase(),
    BigInt(privateKey).toString(),
    bytes.toString('base64url').slice(0, 40),
    bytes.toString('base64').slice(0, 40),
    bytes,
  ];
}

export function holdsKey(content: string | Buffer, privateKey: string): boolean {
  const bytes = Buffer.from(content);
  return spellingsOf(privateKey).some((spelling) => bytes.includes(spelling));
}
