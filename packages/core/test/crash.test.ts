import { executeProgramme, resumeProgramme } from '../src/execution/execute-programme.js';
import { memoryJournal } from '../src/execution/memory-journal.js';
import { sqliteJournal } from '../src/journal-sqlite/index.js';
import type { Journal } from '../src/ports/journal.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Death, mortal } from './support/crash.js';
import { EACH_ONCE, holdings, landings, requestFor, unexplained } from './support/request.js';
import { world } from './support/world.js';

// A process may die between any two operations that leave a trace. Whoever comes next, with nothing but the journal
// and the chains, has to finish the programme with every step on chain exactly once.

jest.setTimeout(60_000);
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-crash-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Store {
  open(): Promise<Journal>;
  /** What is left of the journal of a dead process. */
  reopen(journal: Journal): Promise<Journal>;
}

const stores: Record<string, (name: string) => Store> = {
  memory: () => ({ open: async () => memoryJournal(), reopen: async (journal) => journal }),
  sqlite: (name) => {
    const path = join(directory, `${name}.db`);
    return {
      open: () => sqliteJournal({ path }),
      reopen: async (journal) => {
        await journal.close();
        return sqliteJournal({ path });
      },
    };
  },
};

async function lengthOfLife(): Promise<readonly string[]> {
  const on = world();
  const { request, operations } = mortal(await requestFor(on), Number.POSITIVE_INFINITY, 'before');
  await executeProgramme(request);
  return operations;
}

async function dieAndResume(store: Store, deathAt: number, side: 'before' | 'after', deaths: number): Promise<void> {
  const on = world();
  const opening = holdings(on);
  const request = await requestFor(on, { journal: await store.open() });
  let { journal } = request;
  for (let life = 0; life < deaths; life++) {
    await expect(executeProgramme(mortal({ ...request, journal }, deathAt, side).request)).rejects.toThrow(Death);
    journal = await store.reopen(journal);
    on.clock.advance(7_000);
  }
  const { intentId, slice, steps } = request.programme;
  const begun = (await journal.programme(request.programme)) !== undefined;
  const result = begun
    ? await resumeProgramme({ ...request, journal, intentId, slice })
    : await executeProgramme({ ...request, journal });

  expect(result.state).toBe('completed');
  expect(landings(on, steps)).toEqual(EACH_ONCE);
  expect(unexplained(opening, result.flows, holdings(on))).toEqual({});
  await journal.close();
}

// On disk the same code runs over the same rules: one side is enough there.
const SIDES = { memory: ['before', 'after'], sqlite: ['after'] } as const;

describe.each(['memory', 'sqlite'] as const)('death with a journal in %s', (name) => {
  test.each([...SIDES[name]])('%s every single operation', async (side) => {
    const operations = await lengthOfLife();
    expect(operations.length).toBeGreaterThan(40);
    for (let deathAt = 1; deathAt <= operations.length; deathAt++) {
      await dieAndResume(stores[name]!(`${side}-${deathAt}`), deathAt, side, 1);
    }
  });

  test('three times in a row, each soon after waking', async () => {
    for (const deathAt of [3, 4, 5]) await dieAndResume(stores[name]!(`thrice-${deathAt}`), deathAt, 'after', 3);
  });
});
