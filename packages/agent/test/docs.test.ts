import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryJournal } from '@evenkeel/core/execution';
import { parse } from 'yaml';
import { seededRandom } from '../src/assemble/ambient.js';
import { assemble } from '../src/assemble/portfolio.js';
import { parseConfig } from '../src/config/load.js';
import { portfolioConfigSchema } from '../src/config/schema.js';

const page = readFileSync(join(__dirname, '../../../docs/configuration.md'), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

/** Every key of a schema, through options, pipes, arrays and unions. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { entries, item, options, pipe, wrapped } = schema as Record<string, unknown>;
  const own = Object.entries((entries as Record<string, unknown> | undefined) ?? {});
  const inner = [wrapped, item, ...asList(pipe).slice(0, 1), ...asList(options), ...own.map(([, each]) => each)];
  return [...own.map(([key]) => key), ...inner.flatMap(keysOf)];
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

test.each(blocks.map((text) => [/^name: (.*)$/m.exec(text)?.[1] ?? text, text]))(
  'the configuration "%s" of the page can be used as it stands',
  (name, text) => {
    const config = parseConfig(parse(text));
    const signer = {
      address: config.owner,
      signTransaction: () => Promise.reject(new Error('not asked')),
      signTypedData: () => Promise.reject(new Error('not asked')),
    };
    const env = { ARBITRUM_RPC_URL: 'http://127.0.0.1:8545' };
    const { portfolio, ports } = assemble(config, { signer, journal: memoryJournal(), random: seededRandom(1), env });
    expect(portfolio.name).toBe(name);
    expect(ports.chains).toHaveLength(2);
  },
);

test('the page has a public and a local example', () => {
  expect(blocks).toHaveLength(2);
});

test('the page names every key', () => {
  const keys = [...new Set(keysOf(portfolioConfigSchema))];
  expect(keys).toEqual(expect.arrayContaining(['annualVolatilityPercent', 'relayerFeeBps', 'hyperlaneWarpRoutes']));
  expect(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(page))).toEqual([]);
});
