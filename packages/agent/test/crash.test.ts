import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Journal } from '@evenkeel/core';
import type { RebalancerPorts } from '@evenkeel/core/rebalancer';
import type { ExecutionReport } from '@evenkeel/core/report';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { actor, allowancesLeft, Death, diesBetween, openStage, type Stage, traces } from './support.js';

// A process dies in the middle of a rebalancing. Another one finds the journal on disk and the chains as they are, and
// has to bring what was begun to its end: each step at most once, and the books exact from before it all.

jest.setTimeout(60_000);
let stage: Stage;
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-loop-'));
beforeAll(async () => {
  stage = await openStage({ chains: 2 });
}, 120_000);
afterEach(() => stage.rewind());
afterAll(async () => {
  await stage?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Something that works until its turn has come, and takes the whole process with it. */
function lastBreath(turns: number): () => void {
  let left = turns;
  return () => {
    left -= 1;
    if (left <= 0) throw new Death('the process is gone');
  };
}

/** Ports of a process that dies at the n-th signature, delivery or look at a bridge. */
const deaths: Record<string, (ports: RebalancerPorts) => Partial<RebalancerPorts>> = {
  'at the second signature': ({ account }) => {
    const breathe = lastBreath(2);
    return {
      account: {
        ...account,
        sign: async (...args) => {
          breathe();
          return account.sign(...args);
        },
      },
    };
  },
  'at the third delivery, before it arrives': ({ account }) => {
    const breathe = lastBreath(3);
    const { submission } = account;
    return {
      account: {
        ...account,
        submission: {
          ...submission,
          send: async (...args) => {
            breathe();
            return submission.send(...args);
          },
        },
      },
    };
  },
  'at the third delivery, after it has arrived': ({ account }) => {
    const breathe = lastBreath(3);
    const { submission } = account;
    return {
      account: {
        ...account,
        submission: {
          ...submission,
          send: async (...args) => {
            await submission.send(...args);
            breathe();
          },
        },
      },
    };
  },
  'while a transfer is under way': ({ bridges }) => ({
    bridges: bridges.map((bridge) => ({
      ...bridge,
      track: async () => {
        throw new Death('the process is gone');
      },
    })),
  }),
};

/** Transactions of the owner since the portfolio was opened, by chain: nonces are used once each. */
async function noncesUsed(): Promise<readonly number[]> {
  const owner = stage.world.accounts.owner.address;
  return Promise.all(stage.world.chains.map((chain) => chain.provider.getTransactionCount(owner)));
}

async function reopened(journal: Journal, path: string): Promise<Journal> {
  await journal.close();
  return sqliteJournal({ path });
}

test.each(Object.keys(deaths))('dies %s, and another one brings it to its end', async (name) => {
  const path = join(directory, `${name.replaceAll(/\W/g, '-')}.db`);
  const journal = await sqliteJournal({ path });
  const noncesBefore = await noncesUsed();
  const dying = actor(stage, { journal, ports: deaths[name]! });
  await expect(dying.rebalancer.rebalance()).rejects.toThrow(Death);

  const kept = await reopened(journal, path);
  const heir = actor(stage, { journal: kept });
  await expect(heir.rebalancer.rebalance()).rejects.toMatchObject({ code: 'PROGRAMME_OPEN' });
  const resumed = await heir.rebalancer.resume();

  expect(resumed).toHaveLength(1);
  const [{ report, state, steps }] = resumed as [(typeof resumed)[number]];
  expect({ state, outcome: report!.outcome }).toEqual({ state: 'completed', outcome: 'hedged' });
  expect(report!.reconciliation).toMatchObject({ exact: true, unexplainedAtoms: 0n });
  expectCosts(report!);
  expect(await kept.transfers({ open: true })).toEqual([]);

  // As many nonces as there are steps that were done in a transaction: nothing twice, nothing that nobody knows of.
  const done = steps.filter((step) => step.state === 'done' && !step.id.endsWith('-arrival'));
  const used = (await noncesUsed()).map((count, i) => count - noncesBefore[i]!);
  expect(used.reduce((sum, count) => sum + count, 0)).toBe(done.length);
  expect(new Set(done.map(({ txHash }) => txHash)).size).toBe(done.length);
  expect(await allowancesLeft(stage)).toEqual([]);

  expect(await heir.rebalancer.resume()).toEqual([]);
  await kept.close();
  expectNoKeyIn(directory);
});

/** Every atom that has left is accounted for by kind, and the same in all against the decision's price. */
function expectCosts({ costs, efficiency, shortfall }: ExecutionReport): void {
  expect(Number(costs!.unattributed)).toBeCloseTo(0, 12);
  const { bridge, fee, gas, message } = costs!.byKind;
  expect(Math.min(Number(fee), Number(gas))).toBeGreaterThan(0);
  // The one is summed over flows, the other over slices: a slice that is missed would show.
  const charged = [bridge, fee, gas, message].reduce((sum, each) => sum + Number(each), 0);
  expect(Number(shortfall!.fees) / charged).toBeCloseTo(1, 2);
  expect(efficiency!.efficiency).toBeGreaterThan(0);
}

function expectNoKeyIn(folder: string): void {
  const key = stage.world.accounts.owner.privateKey.slice(2).toLowerCase();
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const bytes = readFileSync(join(folder, file));
    expect(bytes.includes(Buffer.from(key, 'hex'))).toBe(false);
    expect(bytes.toString('latin1').toLowerCase()).not.toContain(key);
  }
}

describe('a trade in slices', () => {
  const inSlices = { schedule: { kind: 'twap', maxParts: 3, spanSeconds: 3, recoverySeconds: 1 } } as const;
  test.each([
    ['in its first slice', deaths['at the second signature']!],
    ['between two slices', diesBetween],
  ])('that dies %s is carried on to its last one', async (name, dies) => {
    const path = join(directory, `sliced-${name.replaceAll(/\W/g, '-')}.db`);
    const journal = await sqliteJournal({ path });
    const dying = actor(stage, { config: inSlices, journal, ports: dies });
    await expect(dying.rebalancer.rebalance()).rejects.toThrow(Death);

    const kept = await reopened(journal, path);
    const heir = actor(stage, { config: inSlices, journal: kept });
    const resumed = await heir.rebalancer.resume();
    const programmes = await kept.programmes();
    expect(programmes.map(({ state }) => state)).toEqual(programmes.map(() => 'completed'));
    expect(programmes.length).toBeGreaterThan(1);
    // A slice whose time has passed in the meantime is made up for by those after it.
    const slices = programmes.map(({ programme }) => programme.slice);
    expect(new Set(slices).size).toBe(slices.length);
    expect(new Set(programmes.map(({ programme }) => programme.intentId)).size).toBe(1);
    expect(resumed.at(-1)!.report).toMatchObject({
      outcome: 'hedged',
      reconciliation: { exact: true, unexplainedAtoms: 0n },
    });
    expectCosts(resumed.at(-1)!.report!);
    expect(await allowancesLeft(stage)).toEqual([]);
    expect(await heir.rebalancer.resume()).toEqual([]);
    expect((await heir.rebalancer.rebalance()).decision.action).toBe('hold');
    await kept.close();
  });

  test('has no costs where its first slice was begun by a version that did not write down on what', async () => {
    const written = await sqliteJournal({ path: join(directory, 'unpriced.db') });
    const silent: Journal = {
      ...written,
      appendDecision: async (record) => {
        if (record.code !== 'SLICE_BEGUN') await written.appendDecision(record);
      },
    };
    const { rebalancer } = actor(stage, { config: inSlices, journal: silent, ports: diesBetween });
    await expect(rebalancer.rebalance()).rejects.toThrow(Death);
    const resumed = await actor(stage, { config: inSlices, journal: written }).rebalancer.resume();
    expect(resumed.at(-1)!.report).toMatchObject({ outcome: 'hedged', costs: null, shortfall: null, efficiency: null });
    expect(resumed.at(-1)!.report!.reconciliation!.exact).toBe(true);
    await written.close();
  });

  test('gives way to a new decision, and is not taken up again', async () => {
    const { journal, rebalancer } = actor(stage, { config: inSlices, ports: diesBetween });
    await expect(rebalancer.rebalance()).rejects.toThrow(Death);
    const heir = actor(stage, { config: { schedule: { kind: 'single' } }, journal });
    const { report, slices } = await heir.rebalancer.rebalance();
    expect({ outcome: report.outcome, slices: slices.length }).toEqual({ outcome: 'hedged', slices: 1 });
    expect(await heir.rebalancer.resume()).toEqual([]);
    expect(new Set((await journal.programmes()).map(({ programme }) => programme.intentId)).size).toBe(2);
  });

  test('is not carried on after its intent has expired', async () => {
    const { journal, rebalancer } = actor(stage, { config: inSlices, ports: diesBetween });
    await expect(rebalancer.rebalance()).rejects.toThrow(Death);
    const begun = (await journal.programmes()).length;
    const heir = actor(stage, {
      config: inSlices,
      journal,
      ports: ({ clock }) => ({ clock: { ...clock, now: () => clock.now() + 3_600_000 } }),
      portfolio: ({ limits }) => ({ limits: { ...limits, maxAgeSeconds: 7200 } }),
    });
    expect(await heir.rebalancer.resume()).toEqual([]);
    expect(await journal.programmes()).toHaveLength(begun);
    expect(await journal.decisions({ code: 'TRADE_CLOSED' })).toMatchObject([{ sentence: 'The intent has expired.' }]);
  });
});

/** A programme that has died before its first delivery. */
async function abandoned(): Promise<Journal> {
  const { rebalancer, journal } = actor(stage, { ports: deaths['at the second signature']! });
  await expect(rebalancer.rebalance()).rejects.toThrow(Death);
  return journal;
}

test('a signature that was tampered with in the journal is refused', async () => {
  const journal = await abandoned();
  const tampered: Journal = {
    ...journal,
    intent: async (id) => {
      const signed = await journal.intent(id);
      return (
        signed && {
          ...signed,
          signature: signed.signature.replace(/..$/, (end) => (end === '1b' ? '1c' : '1b')) as never,
        }
      );
    },
  };
  const before = await traces(stage);
  const heir = actor(stage, { journal: tampered });
  await expect(heir.rebalancer.resume()).rejects.toMatchObject({ code: 'INTENT_SIGNATURE_INVALID' });
  expect(await traces(stage)).toEqual(before);
});

test('after the deadline nothing new is sent, and nothing is left blocking the account', async () => {
  const journal = await abandoned();
  const late = 3_600_000;
  const heir = actor(stage, {
    journal,
    ports: ({ clock }) => ({ clock: { ...clock, now: () => clock.now() + late } }),
    portfolio: ({ limits }) => ({ limits: { ...limits, maxAgeSeconds: 7200 } }),
  });
  const [ended] = await heir.rebalancer.resume();
  expect(ended!.state).toBe('stopped');
  expect(ended!.steps.map(({ code }) => code)).toContain('INTENT_EXPIRED');
  expect(ended!.report).toMatchObject({ outcome: 'failed', reconciliation: { unexplainedAtoms: 0n } });
  expect(ended!.flows.filter(({ kind }) => kind === 'swap' || kind === 'bridge-out')).toEqual([]);
  const { chains, account } = heir.ports;
  for (const { id } of chains) {
    const lane = { chainId: id, account: account.addressOn(id), nonceKey: 0n };
    expect(await journal.openReservations(lane)).toEqual([]);
  }
});

test('a transfer under way widens the exposure, and counts neither as arrived nor as lost', async () => {
  const path = join(directory, 'in-flight.db');
  const journal = await sqliteJournal({ path });
  stage.actors.acrossRelayer.pause();
  try {
    const dying = actor(stage, { journal, ports: deaths['while a transfer is under way']! });
    await expect(dying.rebalancer.rebalance()).rejects.toThrow(Death);
    const { exposure } = await actor(stage, { journal }).rebalancer.survey();
    expect(exposure.widenings).toMatchObject([{ code: 'IN_FLIGHT', low: '0', high: '0' }]);
    expect(exposure.unbounded).toEqual([]);

    // The same with the underlying in the bridge: it may still come, and it may not.
    const weth = stage.world.chains[1]!.tokens.WETH;
    const output = { token: { ...weth }, atoms: 2n * 10n ** 18n };
    const withWeth: Journal = {
      ...journal,
      transfers: async (filter) => {
        const records = await journal.transfers(filter);
        return records.map((record) => {
          const quote = { ...record.transfer.quote, output };
          return { ...record, transfer: { ...record.transfer, quote } };
        });
      },
    };
    const wide = (await actor(stage, { journal: withWeth }).rebalancer.survey()).exposure;
    expect(wide.widenings).toMatchObject([{ code: 'IN_FLIGHT', high: '2' }]);
    expect(Number(wide.delta.high) - Number(wide.delta.low)).toBeCloseTo(2, 6);
    expect(Number(wide.delta.low)).toBeCloseTo(Number(exposure.delta.low), 3);
  } finally {
    stage.actors.acrossRelayer.resume();
    await journal.close();
  }
});
