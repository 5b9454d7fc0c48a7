import { Interface } from 'ethers/abi';
import { concat, toBeHex } from 'ethers/utils';
import type { Hex } from '../src/index.js';
import {
  type Attempt,
  balanceOf,
  clockOf,
  PAYMASTER_MARGIN_BPS,
  SCENE_ANSWER,
  SCENE_GAS,
  setFeed,
  succeed,
  tryCall,
} from '../src/local/index.js';
import { openVictim, tryOperation, type Victim } from './support/victim.js';

// The paymaster that takes a token for gas: what it takes, from whom it takes nothing, and who may command it.

const ETH = 10n ** 18n;
const abi = new Interface([
  'function giveFreeOperations(address,uint256)',
  'function freeOperations(address) view returns (uint256)',
  'function addStake(uint32) payable',
  'function withdraw(address,uint256)',
  'function withdrawTokens(address,uint256)',
  'function approve(address,uint256)',
  'error OwnableUnauthorizedAccount(address account)',
  'event UserOperationSponsored(bytes32 indexed userOpHash, address indexed token, uint256 tokenAmount, uint256 tokenPerNative)',
  'event UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed)',
]);
const limits = [SCENE_GAS.paymasterVerificationGas, SCENE_GAS.paymasterPostOpGas].map((limit) => toBeHex(limit, 16));

let victim: Victim;
beforeAll(async () => {
  victim = await openVictim();
}, 60_000);
afterEach(() => victim.back());
afterAll(() => victim.close());

/** With a byte of data: the operation is to be one of those that are given. */
const free = (sequence = 0n): Promise<Attempt> =>
  tryOperation(victim, {
    sequence,
    order: { amountIn: ETH / 10n },
    change: { paymasterAndData: concat([victim.scene.band.paymaster, ...limits, '0x01']) as Hex },
  });

const give = (count: bigint): Promise<unknown> => {
  const { band, node, self } = victim.scene;
  const data = abi.encodeFunctionData('giveFreeOperations', [self, count]) as Hex;
  return succeed(node, victim.deployer, band.paymaster, data);
};

test('takes what the gas is worth by its feed, with its margin, and no more than that it costs itself', async () => {
  const { band, node, usdc } = victim.scene;
  await victim.world.fund(node.tokens.USDC as never, band.paymaster, 1n);
  // Half of the trade's own price, so that it is seen which feed is read.
  const answer = SCENE_ANSWER / 2n;
  await setFeed(node, victim.deployer, band.gasFeed, answer, await clockOf(node));
  const outcome = await tryOperation(victim);
  if (outcome.kind !== 'done') throw new Error(outcome.check);
  const events = outcome.receipt.logs.map(({ data, topics }) => abi.parseLog({ data, topics: [...topics] }));
  const argsOf = (name: string) => events.find((event) => event?.name === name)!.args;
  const costWei = argsOf('UserOperationEvent')['actualGasCost'] as bigint;
  // Atoms of 6 decimals for 10^18 wei, by an answer of 8 decimals.
  const price = (answer * (10_000n + PAYMASTER_MARGIN_BPS)) / 10_000n / 100n;
  expect(argsOf('UserOperationSponsored')['tokenPerNative']).toBe(price);
  const taken = (await balanceOf(node, usdc, band.paymaster)) - 1n;
  const worth = (wei: bigint): bigint => (wei * price) / ETH;
  expect(taken).toBeGreaterThanOrEqual(worth(costWei));
  expect(taken).toBeLessThanOrEqual(worth(costWei + SCENE_GAS.maxFeeWei * 45_000n) + 1n);
});

test('takes nothing for operations that are given, and gives no more than it was told to', async () => {
  const { band, node, self, usdc } = victim.scene;
  const refused = { kind: 'refused', check: 'AA34' };
  expect(await free()).toMatchObject(refused);
  await give(2n);
  const approve = abi.encodeFunctionData('approve', [band.paymaster, 0n]) as Hex;
  await node.rpc('anvil_setBalance', [self, toBeHex(ETH)]);
  await succeed(node, self, usdc, approve);
  // Nothing is approved any more: only what is given goes through.
  expect(await tryOperation(victim)).toMatchObject({ kind: 'refused' });
  expect(await free(0n)).toMatchObject({ kind: 'done' });
  expect(await free(1n)).toMatchObject({ kind: 'done' });
  expect(await free(2n)).toMatchObject(refused);
  expect(await balanceOf(node, usdc, band.paymaster)).toBe(0n);
});

test('pays for nobody while its feed says nothing', async () => {
  const { band, node } = victim.scene;
  for (const answer of [0n, -1n]) {
    await setFeed(node, victim.deployer, band.gasFeed, answer, await clockOf(node));
    expect(await tryOperation(victim)).toMatchObject({ kind: 'refused', check: 'AA34' });
  }
});

test('obeys its owner only', async () => {
  const { band, node, usdc } = victim.scene;
  const { deployer, stranger } = victim;
  await victim.world.fund(node.tokens.USDC as never, band.paymaster, 5n);
  for (const [name, values] of [
    ['giveFreeOperations', [stranger, 1n]],
    ['addStake', [1]],
    ['withdraw', [stranger, 1n]],
    ['withdrawTokens', [stranger, 5n]],
  ] as const) {
    const data = abi.encodeFunctionData(name, values) as Hex;
    const answer = await tryCall(node, { from: stranger, to: band.paymaster, data });
    expect([name, answer.success, abi.parseError(answer.data)?.name]).toEqual([
      name,
      false,
      'OwnableUnauthorizedAccount',
    ]);
    if (name !== 'addStake') await succeed(node, deployer, band.paymaster, data);
  }
  expect(await balanceOf(node, usdc, stranger)).toBe(5n);
});
