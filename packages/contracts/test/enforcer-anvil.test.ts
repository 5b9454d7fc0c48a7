import { AbiCoder, Interface } from 'ethers/abi';
import { TypedDataEncoder } from 'ethers/hash';
import { concat } from 'ethers/utils';
import {
  attestationTypedData,
  type BandOrder,
  type BandPolicy,
  deltaBandEnforcer,
  enforcerArgs,
  enforcerExecution,
  enforcerTerms,
  grantId,
  type Hex,
  revokeAllCall,
  typedDataHash,
} from '../src/index.js';
import {
  addressOf,
  balanceOf,
  checkOf,
  clockOf,
  deployContract,
  hostilePool,
  sceneOrder,
  signHash,
  succeed,
  tryCall,
} from '../src/local/index.js';
import { openVictim, type Victim } from './support/victim.js';

// The same policy as the caveat of a delegation, under the delegation framework that MetaMask has published: manager and account
// are its own.

const ETH = 10n ** 18n;
const USDC = 10n ** 6n;
const NOBODY: Hex = `0x${'00'.repeat(20)}`;
const ROOT: Hex = `0x${'ff'.repeat(32)}`;
const SINGLE: Hex = `0x${'00'.repeat(32)}`;
const DELEGATION =
  'tuple(address delegate, address delegator, bytes32 authority, tuple(address enforcer, bytes terms, bytes args)[] caveats, uint256 salt, bytes signature)';
const ownerKey: Hex = `0x${'71'.repeat(32)}`;
const owner = addressOf(ownerKey);
const coder = AbiCoder.defaultAbiCoder();
const managerAbi = new Interface([
  'function redeemDelegations(bytes[] contexts, bytes32[] modes, bytes[] executions)',
  `function disableDelegation(${DELEGATION} delegation)`,
  `function getDelegationHash(${DELEGATION} delegation) view returns (bytes32)`,
]);
const hooks = new Interface(deltaBandEnforcer.abi);
const erc20 = new Interface([
  'function transfer(address,uint256)',
  'function allowance(address,address) view returns (uint256)',
]);
const poolAbi = new Interface([
  'function plan((uint256[] askPercent, address gives, uint256 amount, address target, bytes data, bool mustSucceed))',
]);

interface Delegation {
  readonly delegate: Hex;
  readonly delegator: Hex;
  readonly authority: Hex;
  readonly caveats: readonly { readonly enforcer: Hex; readonly terms: Hex; readonly args: Hex }[];
  readonly salt: bigint;
  readonly signature: Hex;
}

let victim: Victim;
let enforcer: Hex;
let manager: Hex;
let hostile: Hex;
let policy: BandPolicy;
let snapshot: unknown;

beforeAll(async () => {
  victim = await openVictim(undefined, ['delegation']);
  const { deployer, scene, world } = victim;
  const { node } = scene;
  const contracts = world.chains[0]!.parts.delegation!;
  manager = contracts.manager;
  enforcer = await deployContract(node, deployer, deltaBandEnforcer);
  hostile = await deployContract(node, deployer, hostilePool);
  const [market] = scene.policy.markets;
  policy = {
    ...scene.policy,
    paymaster: NOBODY,
    gasBudgetWei: 0n,
    markets: [{ ...market!, pools: [...market!.pools, hostile] }],
  };
  await node.rpc('anvil_setCode', [owner, concat(['0xef0100', contracts.statelessDelegator])]);
  await world.fund(node.tokens.WETH as never, owner, 10n * ETH);
  await world.fund(node.tokens.USDC as never, owner, 60_000n * USDC);
  await world.fund(node.tokens.USDC as never, hostile, 100_000n * USDC);
  await node.rpc('anvil_setBalance', [policy.sessionKey, '0x8ac7230489e80000']);
  await node.rpc('anvil_setBalance', [owner, '0x8ac7230489e80000']);
  snapshot = await node.rpc('evm_snapshot');
}, 60_000);
afterEach(async () => {
  await victim.scene.node.rpc('evm_revert', [snapshot]);
  snapshot = await victim.scene.node.rpc('evm_snapshot');
});
afterAll(() => victim.close());

/** Signed by the delegator's key. */
function delegationOf(key: Hex, fields: Partial<Delegation> = {}): Delegation {
  const unsigned = {
    delegate: policy.sessionKey,
    delegator: addressOf(key),
    authority: ROOT,
    caveats: [{ enforcer, terms: enforcerTerms(policy), args: '0x' as Hex }],
    salt: 1n,
    ...fields,
  };
  const types = {
    Delegation: [
      { name: 'delegate', type: 'address' },
      { name: 'delegator', type: 'address' },
      { name: 'authority', type: 'bytes32' },
      { name: 'caveats', type: 'Caveat[]' },
      { name: 'salt', type: 'uint256' },
    ],
    Caveat: [
      { name: 'enforcer', type: 'address' },
      { name: 'terms', type: 'bytes' },
    ],
  };
  const domain = {
    name: 'DelegationManager',
    version: '1',
    chainId: victim.scene.node.id,
    verifyingContract: manager,
  };
  return { ...unsigned, signature: signHash(key, TypedDataEncoder.hash(domain, types, unsigned) as Hex) };
}

interface Redemption {
  readonly order?: Partial<BandOrder>;
  readonly chain?: readonly Delegation[];
  readonly from?: Hex;
  readonly mode?: Hex;
  readonly execution?: Hex;
  readonly args?: Hex;
}

/** What a redeemer hands to the manager. `chain` begins with the redeemer's own delegation and ends with the root. */
async function redemption(request: Redemption = {}) {
  const { node } = victim.scene;
  const order = sceneOrder(policy, (await clockOf(node)) + 1, { sell: true, amountIn: ETH, ...request.order });
  const args = request.args ?? enforcerArgs(policy, 0, order);
  const chain = (request.chain ?? [delegationOf(ownerKey)]).map((each) => ({
    ...each,
    caveats: each.caveats.map((caveat) => ({ ...caveat, args })),
  }));
  const context = coder.encode([`${DELEGATION}[]`], [chain]);
  const execution = request.execution ?? enforcerExecution(enforcer, policy, 0, order);
  const data = managerAbi.encodeFunctionData('redeemDelegations', [[context], [request.mode ?? SINGLE], [execution]]);
  return { from: request.from ?? policy.sessionKey, to: manager, data: data as Hex };
}

/** Done for real, or the check that stops it. */
async function redeem(request: Redemption = {}): Promise<string> {
  const { node } = victim.scene;
  const transaction = await redemption(request);
  const foreseen = await tryCall(node, transaction);
  if (!foreseen.success) return checkOf(foreseen.data);
  await succeed(node, transaction.from, transaction.to, transaction.data);
  return 'done';
}

const held = (token: Hex, of: Hex): Promise<bigint> => balanceOf(victim.scene.node, token, of);

test('a session key redeems a delegation: both ways, nothing approved, and nothing stays behind', async () => {
  const { node, pools, usdc, weth } = victim.scene;
  expect(await redeem()).toBe('done');
  expect(await held(weth, owner)).toBe(9n * ETH);
  expect(await held(usdc, owner)).toBeGreaterThan(62_980n * USDC);
  expect(await redeem({ order: { sell: false, amountIn: 3_000n * USDC } })).toBe('done');
  expect(await held(weth, owner)).toBeGreaterThan((999n * ETH) / 100n);
  for (const token of [weth, usdc]) {
    expect(await held(token, enforcer)).toBe(0n);
    for (const spender of [...pools, enforcer, manager]) {
      const data = erc20.encodeFunctionData('allowance', [owner, spender]);
      expect(BigInt((await node.rpc('eth_call', [{ to: token, data }, 'latest'])) as string)).toBe(0n);
    }
  }
});

test('the policy is that of the module: interval, price, cap, place and time', async () => {
  expect(await redeem({ order: { amountIn: 3n * ETH } })).toBe('Overshoot');
  expect(await redeem({ order: { minOut: 4_000n * USDC } })).toBe('BelowMinOut');
  expect(await redeem({ order: { venue: 3 } })).toBe('VenueNotListed');
  expect(await redeem({ order: { bucket: 7 } })).toBe('BucketNotNow');
  expect(await redeem({ order: { deadline: 1 } })).toBe('OrderExpired');
  for (const sell of [true, false, true]) {
    expect(await redeem({ order: { sell, amountIn: sell ? ETH : 2_990n * USDC } })).toBe('done');
  }
  expect(await redeem({ order: { sell: false, amountIn: 3_100n * USDC } })).toBe('CapExceeded');
});

test('two trades are redeemed in one transaction, one after the other', async () => {
  const { node, weth } = victim.scene;
  const both = [await redemption(), await redemption({ order: { sell: false, amountIn: 3_000n * USDC } })].map(
    ({ data }) => managerAbi.decodeFunctionData('redeemDelegations', data).toArray() as Hex[][],
  );
  const joined = [0, 1, 2].map((which) => both.flatMap((each) => [...each[which]!]));
  const data = managerAbi.encodeFunctionData('redeemDelegations', joined) as Hex;
  await succeed(node, policy.sessionKey, manager, data);
  const left = await held(weth, owner);
  expect(left).toBeGreaterThan((999n * ETH) / 100n);
  expect(left).toBeLessThan((1_001n * ETH) / 100n);
});

test('two delegations with the same terms share one cap', async () => {
  const again = [delegationOf(ownerKey, { salt: 2n })];
  for (const sell of [true, false, true]) {
    expect(await redeem({ order: { sell, amountIn: sell ? ETH : 2_990n * USDC } })).toBe('done');
  }
  expect(await redeem({ chain: again, order: { sell: false, amountIn: 3_100n * USDC } })).toBe('CapExceeded');
});

test('the interval moves by word of the policy key', async () => {
  const { keys, node } = victim.scene;
  const { base } = policy.markets[0]!;
  const attestation = { low: 10n * ETH, high: 14n * ETH, sequence: 1, validUntil: (await clockOf(node)) + 600 };
  const request = { chainId: node.id, module: enforcer, account: owner, grantId: grantId(policy), base, attestation };
  const order = sceneOrder(policy, (await clockOf(node)) + 1, { sell: true, amountIn: ETH });
  const args = (key: Hex): Hex =>
    enforcerArgs(policy, 0, order, {
      ...attestation,
      signature: signHash(key, typedDataHash(attestationTypedData(request))),
    });
  expect(await redeem({ args: args(keys.session) })).toBe('AttestationRefused');
  expect(await redeem({ args: args(keys.policy) })).toBe('WrongDirection');
});

test('nothing passes but the transfer of what is ordered', async () => {
  const { usdc, weth } = victim.scene;
  const transfer = (token: Hex, to: Hex, atoms: bigint): Hex =>
    concat([token, `0x${'00'.repeat(32)}`, erc20.encodeFunctionData('transfer', [to, atoms])]) as Hex;
  for (const execution of [
    transfer(weth, policy.sessionKey, ETH),
    transfer(weth, enforcer, 2n * ETH),
    transfer(usdc, enforcer, ETH),
    concat([weth, `0x${'00'.repeat(31)}01`, erc20.encodeFunctionData('transfer', [enforcer, ETH])]) as Hex,
    '0x' as Hex,
  ]) {
    expect(await redeem({ execution })).toBe('NotTheTransfer');
  }
  // A failure would be swallowed: the trade would be made with what is not there.
  expect(await redeem({ mode: `0x0001${'00'.repeat(30)}` })).toBe('NotTheTransfer');
});

test('nobody else redeems it, by delegation either', async () => {
  const sessionKey = victim.scene.keys.session;
  const managerCode = new Interface(['error InvalidDelegate()']).getError('InvalidDelegate')!.selector;
  expect(await redeem({ from: victim.stranger })).toBe(`unknown ${managerCode}`);
  const root = delegationOf(ownerKey);
  const { node } = victim.scene;
  const call = { to: manager, data: managerAbi.encodeFunctionData('getDelegationHash', [root]) };
  const authority = (await node.rpc('eth_call', [call, 'latest'])) as Hex;
  const onward = (caveats: Delegation['caveats']): readonly Delegation[] => [
    delegationOf(sessionKey, { delegate: victim.stranger, authority, caveats }),
    root,
  ];
  expect(await redeem({ from: victim.stranger, chain: onward([]) })).toBe('NotSessionKey');
});

test('a caveat that stands twice is refused, and so are hooks that nobody began', async () => {
  const [caveat] = delegationOf(ownerKey).caveats;
  expect(await redeem({ chain: [delegationOf(ownerKey, { caveats: [caveat!, caveat!] })] })).toBe('Reentered');
  const { node, weth } = victim.scene;
  const order = sceneOrder(policy, (await clockOf(node)) + 1, { sell: true, amountIn: ETH });
  const values = [caveat!.terms, enforcerArgs(policy, 0, order), SINGLE, '0x', ROOT, owner, policy.sessionKey];
  const data = hooks.encodeFunctionData('afterHook', values) as Hex;
  await victim.world.fund(node.tokens.WETH as never, enforcer, ETH);
  const answer = await tryCall(node, { from: victim.stranger, to: enforcer, data });
  expect(checkOf(answer.data)).toBe('HookNotExpected');
  expect(await held(weth, enforcer)).toBe(ETH);
});

test('terms are a policy and nothing else', async () => {
  const terms = enforcerTerms(policy);
  for (const wrong of [`${terms}${'00'.repeat(32)}`, terms.slice(0, -64)] as Hex[]) {
    const caveats = [{ enforcer, terms: wrong, args: '0x' as Hex }];
    expect(await redeem({ chain: [delegationOf(ownerKey, { caveats })] })).toBe('PolicyMalformed');
  }
});

test('terms that name gas are refused: it is not the account that pays', async () => {
  for (const change of [{ gasBudgetWei: 1n }, { paymaster: victim.stranger }]) {
    const caveats = [{ enforcer, terms: enforcerTerms({ ...policy, ...change }), args: '0x' as Hex }];
    expect(await redeem({ chain: [delegationOf(ownerKey, { caveats })] })).toBe('PolicyMalformed');
  }
});

test('it ends at once: at the enforcer, and at the manager', async () => {
  const { node } = victim.scene;
  expect(await redeem()).toBe('done');
  await succeed(node, owner, enforcer, revokeAllCall(enforcer).data);
  expect(await redeem()).toBe('GrantRevoked');
  expect(await redeem({ chain: [delegationOf(ownerKey, { salt: 3n })] })).toBe('GrantRevoked');
  await node.rpc('evm_revert', [snapshot]);
  snapshot = await node.rpc('evm_snapshot');
  const disable = managerAbi.encodeFunctionData('disableDelegation', [delegationOf(ownerKey)]) as Hex;
  await succeed(node, owner, manager, disable);
  expect(await redeem()).toMatch(/^unknown/);
});

describe('a hostile pool', () => {
  const plan = (fields: object): Promise<unknown> => {
    const all = {
      askPercent: [100n],
      gives: victim.scene.usdc,
      amount: 0n,
      target: NOBODY,
      data: '0x',
      mustSucceed: true,
    };
    const data = poolAbi.encodeFunctionData('plan', [{ ...all, ...fields }]) as Hex;
    return succeed(victim.scene.node, victim.deployer, hostile, data);
  };

  test.each([
    ['asks for more than was ordered', { askPercent: [101n], amount: 3_100n * USDC }, 'CallbackTooGreedy'],
    ['asks twice', { askPercent: [50n, 50n], amount: 3_000n * USDC }, 'CallbackNotExpected'],
    ['gives less than the bound', { amount: 2_984n * USDC }, 'LossAboveBound'],
    ['takes nothing', { askPercent: [], amount: 1n }, 'NothingTraded'],
    ['gives enough', { amount: 2_986n * USDC }, 'done'],
  ])('that %s', async (_, fields, check) => {
    await plan(fields);
    expect(await redeem({ order: { venue: 2 } })).toBe(check);
  });

  test('that takes a part leaves the rest to the account', async () => {
    await plan({ askPercent: [50n], amount: 1_500n * USDC });
    expect(await redeem({ order: { venue: 2 } })).toBe('done');
    expect(await held(victim.scene.weth, owner)).toBe((95n * ETH) / 10n);
    expect(await held(victim.scene.weth, enforcer)).toBe(0n);
  });
});
