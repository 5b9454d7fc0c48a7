import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { documentIn, failureIn, folder, inProcess, writeYaml } from './cli-process.js';

const example = join(__dirname, '../../../examples/profile/problem.yaml');
const content = parse(readFileSync(example, 'utf8')) as Record<string, unknown> & {
  instruments: Record<string, unknown>[];
};
const files = folder();
afterAll(() => rmSync(files, { recursive: true, force: true }));

it('the example is brought into all of its bands, in text', async () => {
  const { code, stdout } = await inProcess(['profile', '--problem', example]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ +buy +\d+ +call 2600, 30 days/m);
  expect(stdout).toMatch(/what binds +a unit more saves/);
  expect(stdout).toMatch(/put every greek into its band; /);
  expect(stdout).not.toContain('✘');
});

it('and as one JSON document', async () => {
  const ended = await inProcess(['profile', '--problem', example, '--json']);
  expect(ended.code).toBe(0);
  const document = documentIn(ended);
  expect(document).toMatchObject({ status: 'inside', unreached: [] });
  expect(document['gapBps']).toBeLessThan(1.01);
});

it('what cannot be reached is said, with the reason', async () => {
  const file = writeYaml(files, 'short.yaml', { ...content, instruments: content.instruments.slice(0, 2) });
  const document = documentIn(await inProcess(['profile', '--problem', file, '--json']));
  expect(document).toMatchObject({
    status: 'nearest',
    unreached: [
      { greek: 'gamma', because: [{ kind: 'no-instrument' }] },
      { greek: 'vega', because: [{ kind: 'no-instrument' }] },
    ],
  });
});

const [spot, perp, , put] = content.instruments as { buy: object; sell: object }[];
it.each<[string, string, string, unknown]>([
  ['no YAML', 'CONFIG_UNREADABLE', 'config', 'a: [unclosed\n - {'],
  ['a key that is not known', 'INVALID_INPUT', 'spot', { ...content, spot: 3 }],
  ['no spot', 'INVALID_INPUT', 'spotUsd', { ...content, spotUsd: undefined }],
  ['an empty band', 'PROFILE_BAND_EMPTY', 'target.delta', { ...content, target: { deltaUnits: { low: 1, high: 0 } } }],
  [
    'an instrument twice',
    'PROFILE_INSTRUMENT_DUPLICATE',
    'instruments.1.id',
    { ...content, instruments: [spot, spot] },
  ],
  ['no greeks', 'INVALID_INPUT', 'instruments.0', { ...content, instruments: [{ id: 'x' }] }],
  [
    'a quote without a limit',
    'INVALID_INPUT',
    'instruments.0.buy.maxUnits',
    { ...content, instruments: [{ ...perp, buy: { costPerUnitUsd: 1 } }] },
  ],
  [
    'a quote in two ways',
    'INVALID_INPUT',
    'instruments.0.buy.points',
    { ...content, instruments: [{ ...put, buy: { ...put!.buy, costPerUnitUsd: 1 } }] },
  ],
])('%s is refused', async (name, code, field, problem) => {
  const file = writeYaml(files, `${name}.yaml`, problem);
  const failure = failureIn(await inProcess(['profile', '--problem', file, '--json']));
  expect(failure).toMatchObject({ exitCode: 1, code, field });
});
