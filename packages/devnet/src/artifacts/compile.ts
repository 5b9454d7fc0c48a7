import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DevnetError } from '../errors.js';
import type { Hex } from '../world.js';
import type { LockedCompilation, LockedPackage, LockedTarball } from './lock.js';
import { fetchTarball, textsOf } from './tarball.js';

/** The compiler as its package ships it: WebAssembly in one file of JavaScript that needs no other. */
const SOLJSON = 'soljson.js';

/** Runs beside the main thread: a compilation takes some ten seconds. */
const COMPILE = `
const { parentPort, workerData } = require('node:worker_threads');
const soljson = require(workerData.compiler);
const compile = soljson.cwrap('solidity_compile', 'string', ['string', 'number', 'number']);
parentPort.postMessage(compile(workerData.input, 0, 0));
`;

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<
    Record<string, Readonly<Record<string, { readonly evm: { readonly bytecode: { readonly object: string } } }>>>
  >;
}

/**
 * Compiles the listed contracts of a package that publishes sources only, with the compiler and the imports that the lock
 * names. The compiler is fetched like any other package and is the only one of them that is run; nothing of it is kept.
 *
 * @throws {DevnetError} `ARTIFACT_FETCH_FAILED`, `ARTIFACT_INTEGRITY`, `ARTIFACT_INVALID`, `ABORTED`
 */
export async function compilePackage(
  item: LockedPackage,
  { compiler, imports, settings }: LockedCompilation,
  tarball: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, Hex>>> {
  const label = `${item.name}@${item.version}`;
  const isSource = (path: string): boolean => path.endsWith('.sol');
  const library = new Map<string, string>();
  const shelve = async ({ name }: LockedTarball, packed: string): Promise<void> => {
    for (const [path, text] of await textsOf(packed, isSource)) library.set(`${name}/${path}`, text);
  };
  await shelve(item, tarball);
  for (const each of imports) await shelve(each, await fetchTarball(each, scratch, signal));
  const wanted = Object.entries(item.files).map(([artifact, location]) => {
    const [path = '', contract = ''] = location.split(':');
    return { artifact, source: `${item.name}/${path}`, contract };
  });
  const sources = closure(
    wanted.map(({ source }) => source),
    library,
    label,
  );
  const outputSelection = Object.fromEntries(
    wanted.map(({ contract, source }) => [source, { [contract]: ['evm.bytecode.object'] }]),
  );
  const input = { language: 'Solidity', sources, settings: { ...settings, outputSelection } };
  const soljson = await textsOf(await fetchTarball(compiler, scratch, signal), (path) => path === SOLJSON);
  // The ending says that it is CommonJS, wherever the folder lies.
  const file = join(scratch, 'soljson.cjs');
  await writeFile(file, soljson.get(SOLJSON) ?? '');
  const output = JSON.parse(await runCompiler(file, JSON.stringify(input), label, signal)) as Output;
  const problem = output.errors?.find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw invalid(label, problem.formattedMessage);
  return Object.fromEntries(
    wanted.map(({ artifact, contract, source }) => {
      const code = output.contracts?.[source]?.[contract]?.evm.bytecode.object ?? '';
      if (!/^(?:[0-9a-f]{2})+$/.test(code)) throw invalid(label, `no bytecode of ${contract} in ${source}`);
      return [artifact, `0x${code}`];
    }),
  );
}

/** The sources and all that they import, by the names that they are imported by. */
function closure(
  roots: readonly string[],
  library: ReadonlyMap<string, string>,
  label: string,
): Readonly<Record<string, { readonly content: string }>> {
  const found: Record<string, { readonly content: string }> = {};
  const queue = [...roots];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (Object.hasOwn(found, name)) continue;
    const content = library.get(name);
    if (content === undefined) throw invalid(label, `${name} is in none of its packages`);
    found[name] = { content };
    for (const [, path = ''] of content.matchAll(/^\s*import\s+(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm)) {
      queue.push(path.startsWith('.') ? posix.join(posix.dirname(name), path) : path);
    }
  }
  return found;
}

function runCompiler(compiler: string, input: string, label: string, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(COMPILE, { eval: true, workerData: { compiler, input } });
    const aborted = (): void => {
      reject(new DevnetError('ABORTED', `The compilation of ${label} was aborted.`));
      void worker.terminate();
    };
    signal?.addEventListener('abort', aborted, { once: true });
    const end = (): void => {
      signal?.removeEventListener('abort', aborted);
      void worker.terminate();
    };
    worker.once('message', (answer: string) => {
      resolve(answer);
      end();
    });
    worker.once('error', (error) => {
      reject(invalid(label, error.message));
      end();
    });
    if (signal?.aborted) aborted();
  });
}

function invalid(label: string, problem: string): DevnetError {
  return new DevnetError(
    'ARTIFACT_INVALID',
    `${label} could not be compiled: ${problem}. Correct its entry in artifacts.lock.json.`,
    { details: { label, problem } },
  );
}
