import { Interface } from 'ethers/abi';
import { concat, toBeHex } from 'ethers/utils';
import { executeCalldata, type Hex } from '../src/index.js';
import { attempt, lintSteps, lintValidation, SCENE_GAS, succeed, type ValidationParties } from '../src/local/index.js';
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

test('so does the way of the first operation: the owner’s signature, and gas that is given', async () => {
  const { band, keys, node, self } = victim.scene;
  const abi = new Interface(['function giveFreeOperations(address,uint256)']);
  const data = abi.encodeFunctionData('giveFreeOperations', [self, 1]) as Hex;
  await succeed(node, victim.deployer, band.paymaster, data);
  const limits = [SCENE_GAS.paymasterVerificationGas, SCENE_GAS.paymasterPostOpGas].map((limit) => toBeHex(limit, 16));
  const paymasterAndData = concat([band.paymaster, ...limits, '0x01']) as Hex;
  const change = { nonce: 0n, callData: executeCalldata([{ to: self, data: '0x' }]), paymasterAndData };
  const operation = await operationOf(victim, { change, key: keys.owner });
  expect(await lintValidation(node, operation, parties, victim.stranger)).toEqual([]);
  // It was a validation that succeeds, and not the trace of a refusal.
  const outcome = await attempt(node, victim.scene.entryPoint, operation, victim.stranger);
  expect(outcome).toMatchObject({ kind: 'done' });
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
