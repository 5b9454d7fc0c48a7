import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';

jest.setTimeout(120_000);

const PROGRAM = join(__dirname, '../../../bench/routing/world.mjs');
const ROUTES = 20;

const totals = v.object({
  routes: v.number(),
  swaps: v.number(),
  transfers: v.number(),
  crossChain: v.number(),
  split: v.number(),
  exactOut: v.number(),
  venues: v.array(v.string()),
  mismatches: v.array(v.unknown()),
});

// `node bench/routing/world.mjs` does the same with 200 and more.
test('random routes over real venues, bridges and chains pay what was quoted, to the atom of every hop', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, '--routes', String(ROUTES), '--json']);
  const found = v.parse(totals, JSON.parse(stdout));
  expect(found.mismatches).toEqual([]);
  expect(found.routes).toBe(ROUTES);
  // So that the comparison is of something: every venue and bridge, splits, transfers, both sides of the demand.
  expect(found.venues).toEqual(['across', 'hyperlane', 'uniswap-v2', 'uniswap-v3', 'uniswap-v4']);
  for (const count of [found.crossChain, found.split, found.exactOut, found.transfers])
    expect(count).toBeGreaterThan(0);
});
