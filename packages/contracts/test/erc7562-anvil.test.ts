import { lintSteps, lintValidation, type ValidationParties } from '../src/local/index.js';
import { openVictim, operationOf, type Victim } from './support/victim.js';

// Local bundlers do not enforce ERC-7562 here: our validator and paymaster are held against it in the node's own trace.

let victim: Victim;
let parties: ValidationParties;
beforeAll(async () => {
  victim = await openVictim();
  const { band, entryPoint, self } = victim.scene;
  parties = { account: self, entryPoint, paymaster: band.paymaster, isPaymasterStaked: true };
}, 60_000);
afterAll(() => victim.close());

test('validator and paymaster keep to what bundlers allow', async () => {
  const { node } = victim.scene;
  expect(await lintValidation(node, await operationOf(victim), parties, victim.stranger)).toEqual([]);
});

test('the lint sees through: without its stake the paymaster may not', async () => {
  const { node } = victim.scene;
  const unstaked = { ...parties, isPaymasterStaked: false };
  const faults = await lintValidation(node, await operationOf(victim), unstaked, victim.stranger);
  expect(faults.map(({ entity, rule }) => [entity, rule])).toContainEqual(['paymaster', 'STO-021']);
});

test('the lint sees clocks, gas, value, and storage of others', () => {
  const { band, self } = victim.scene;
  const steps = [
    { depth: 1, op: 'CALL', next: '', at: victim.stranger, args: [`0x${self.slice(2).padStart(64, '0')}`, '0x0'] },
    { depth: 2, op: 'TIMESTAMP', next: 'ADD', at: band.module, args: [] },
    { depth: 2, op: 'GAS', next: 'ADD', at: band.module, args: [] },
    { depth: 2, op: 'GAS', next: 'CALL', at: band.module, args: [] },
    { depth: 2, op: 'SLOAD', next: '', at: band.module, args: [`0x${'12'.repeat(32)}`] },
    { depth: 2, op: 'SLOAD', next: '', at: self, args: [`0x${'12'.repeat(32)}`] },
    { depth: 2, op: 'CALL', next: '', at: band.module, args: [`0x${'00'.repeat(32)}`, '0x1'] },
  ];
  expect(lintSteps(steps as never, parties).map(({ rule }) => rule)).toEqual(['OP-011', 'OP-012', 'STO-021', 'OP-061']);
});
