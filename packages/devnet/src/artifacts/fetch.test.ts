import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { fetchArtifacts } from './fetch.js';
import { readLock } from './lock.js';
import type { LockedPackage } from './lock.js';

// Each test runs npm, which takes its time on a busy machine.
jest.setTimeout(60_000);

let scratch: string;
let tarball: string;
let integrity: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'devnet-fetch-'));
  const folder = join(scratch, 'package');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'sample', version: '1.0.0' }));
  await writeFile(join(folder, 'Sample.json'), JSON.stringify({ abi: [], bytecode: '0x6001' }));
  await writeFile(join(folder, 'Lost.sol'), 'import { Other } from "./lib/../Other.sol";\ncontract Lost is Other {}');
  await writeFile(join(folder, 'unlisted.json'), JSON.stringify({ bytecode: '0x6002' }));
  tarball = join(scratch, 'sample.tgz');
  await create({ file: tarball, cwd: scratch, gzip: true, portable: true }, ['package']);
  integrity = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

const sample = (change: Partial<LockedPackage> = {}): LockedPackage => {
  return { name: 'sample', version: `file:${tarball}`, integrity, files: { Sample: 'Sample.json' }, ...change };
};

const freshCache = (): Promise<string> => mkdtemp(join(scratch, 'cache-'));

test('takes the listed bytecode out of a packed package, and later out of the cache', async () => {
  const cacheDir = await freshCache();
  const packages = [sample()];
  expect(await fetchArtifacts({ cacheDir, packages })).toEqual({ Sample: '0x6001' });
  const [cached] = await readdir(join(cacheDir, 'artifacts'));
  await writeFile(join(cacheDir, 'artifacts', cached!), JSON.stringify({ Sample: '0x60ff' }));
  expect(await fetchArtifacts({ cacheDir, packages })).toEqual({ Sample: '0x60ff' });
});

test('fetches again what the cache holds only in part', async () => {
  const cacheDir = await freshCache();
  const packages = [sample()];
  await fetchArtifacts({ cacheDir, packages });
  const [cached] = await readdir(join(cacheDir, 'artifacts'));
  for (const damage of ['{}', '{"Sample":', '']) {
    await writeFile(join(cacheDir, 'artifacts', cached!), damage);
    expect(await fetchArtifacts({ cacheDir, packages })).toEqual({ Sample: '0x6001' });
  }
});

test('refuses a tarball that is not the locked one, and leaves nothing of it', async () => {
  const cacheDir = await freshCache();
  const packages = [sample({ integrity: integrity.replace('sha512-', 'sha512-AAAA') })];
  await expect(fetchArtifacts({ cacheDir, packages })).rejects.toMatchObject({ code: 'ARTIFACT_INTEGRITY' });
  expect(await readdir(join(cacheDir, 'artifacts'))).toEqual([]);
});

test('names a file that the package does not have', async () => {
  const packages = [sample({ files: { Sample: 'Other.json' } })];
  const fetched = fetchArtifacts({ cacheDir: await freshCache(), packages });
  await expect(fetched).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
});

test('names an import of sources that no package has, before the compiler is fetched', async () => {
  const files = { Lost: 'Lost.sol:Lost' };
  const missing = { name: 'sample', version: `file:${join(scratch, 'missing.tgz')}`, integrity };
  const packages = [sample({ files, compile: { compiler: missing, imports: [], settings: {} } })];
  const fetched = fetchArtifacts({ cacheDir: await freshCache(), packages });
  await expect(fetched).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    details: { problem: expect.stringContaining('sample/Other.sol') },
  });
});

test('says which package npm could not fetch', async () => {
  const packages = [sample({ version: `file:${join(scratch, 'missing.tgz')}` })];
  const fetched = fetchArtifacts({ cacheDir: await freshCache(), packages });
  await expect(fetched).rejects.toMatchObject({ code: 'ARTIFACT_FETCH_FAILED', retryable: true });
});

test('two at the same time do not disturb each other', async () => {
  const cacheDir = await freshCache();
  const packages = [sample()];
  const both = await Promise.all([fetchArtifacts({ cacheDir, packages }), fetchArtifacts({ cacheDir, packages })]);
  expect(both).toEqual([{ Sample: '0x6001' }, { Sample: '0x6001' }]);
});

test('the lock names each contract once', () => {
  const names = readLock().packages.flatMap(({ files }) => Object.keys(files));
  expect(new Set(names).size).toBe(names.length);
});
