import { Interface } from 'ethers/abi';
import { concat, dataLength, toBeHex } from 'ethers/utils';
import {
  attestationTypedData,
  attestCall,
  type BandAttestation,
  encodePolicy,
  executeCalldata,
  grantCall,
  type Hex,
  rebalanceCall,
  revocationOfAllTypedData,
  revocationTypedData,
  revokeAllCall,
  revokeAllForCall,
  revokeCall,
  revokeForCall,
  typedDataHash,
  uninstallCalls,
} from '../src/index.js';
import {
  balanceOf,
  clockOf,
  deployContract,
  hostilePool,
  hostileToken,
  SCENE_ANSWER,
  SCENE_GAS,
  sceneOrder,
  setFeed,
  settableFeed,
  signHash,
  succeed,
} from '../src/local/index.js';
import { checkOfCall, openVictim, operationOf, tryOperation, type Victim } from './support/victim.js';

// What stops a holder of the session key, one test a check. Each of them fails when its check is taken out of the sources:
// `node packages/contracts/scripts/mutate.mjs` shows it.

const ETH = 10n ** 18n;
const NOBODY = `0x${'00'.repeat(20)}` as const;
const erc20 = new Interface([
  'function transfer(address,uint256)',
  'function allowance(address,address) view returns (uint256)',
]);
const poolAbi = new Interface([
  'function plan((uint256[] askPercent, address gives, uint256 amount, address target, bytes data, bool mustSucceed))',
  'function setTick(int56)',
]);
const tokenAbi = new Interface([
  'function mint(address,uint256)',
  'function take(address,uint256)',
  'function plan(address,bytes,bool)',
]);

let victim: Victim;
let hostile: { readonly pool: Hex; readonly token: Hex };

beforeAll(async () => {
  const { openWith } = await prepareHostile();
  victim = openWith;
}, 60_000);
afterEach(() => victim.back());
afterAll(() => victim.close());

/** The scene with a hostile pool among the venues, and a hostile token as second instrument. */
async function prepareHostile(): Promise<{ openWith: Victim }> {
  // Their addresses have to be in the policy before it is granted: they are deployed on a first opening of the same world.
  const opened = await openVictim();
  const { deployer, scene } = opened;
  const { node } = scene;
  const pool = await deployContract(node, deployer, hostilePool);
  const token = await deployContract(node, deployer, hostileToken);
  const feed = await deployContract(node, deployer, settableFeed, ['int192'], [10n ** 8n]);
  const tick = Math.round(Math.log(1e-12) / Math.log(1.0001));
  const data = poolAbi.encodeFunctionData('setTick', [BigInt(token) < BigInt(scene.usdc) ? tick : -tick]) as Hex;
  await succeed(node, deployer, pool, data);
  await succeed(node, deployer, token, tokenAbi.encodeFunctionData('mint', [scene.self, 1_000n * ETH]) as Hex);
  for (const each of [node.tokens.WETH, node.tokens.USDC]) {
    await opened.world.fund(each as never, pool, each === node.tokens.WETH ? 10n * ETH : 100_000n * 10n ** 6n);
  }
  hostile = { pool, token };
  const [market] = scene.policy.markets;
  const policy = {
    ...scene.policy,
    markets: [
      { ...market!, pools: [...market!.pools, pool] },
      { ...market!, base: token, twapPool: pool, feed, low: 0n, high: 2_000n * ETH, outerLow: 0n, pools: [pool] },
    ],
  };
  await node.rpc('anvil_setBalance', [scene.self, toBeHex(ETH)]);
  await succeed(node, scene.self, scene.band.module, grantCall(scene.band.module, policy).data);
  const { grantId } = await import('../src/index.js');
  const changed = { ...opened, scene: { ...scene, policy, grantId: grantId(policy) } };
  const { node: chain } = scene;
  let snapshot = await chain.rpc('evm_snapshot');
  return {
    openWith: {
      ...changed,
      back: async () => {
        await chain.rpc('evm_revert', [snapshot]);
        snapshot = await chain.rpc('evm_snapshot');
      },
    },
  };
}

async function refused(request: Parameters<typeof tryOperation>[1], check: string): Promise<void> {
  expect(await tryOperation(victim, request)).toMatchObject({ kind: 'refused', check });
}

/** Included, and undone: gas is paid, and nothing else has changed. */
async function reverted(request: Parameters<typeof tryOperation>[1], check: string): Promise<void> {
  const { node, self, weth } = victim.scene;
  const before = await balanceOf(node, weth, self);
  expect(await tryOperation(victim, request)).toMatchObject({ kind: 'reverted', check });
  expect(await balanceOf(node, weth, self)).toBe(before);
}

const planPool = (fields: object): Promise<unknown> => {
  const { deployer, scene } = victim;
  const plan = { askPercent: [100n], gives: scene.usdc, amount: 0n, target: NOBODY, data: '0x', mustSucceed: true };
  return succeed(
    scene.node,
    deployer,
    hostile.pool,
    poolAbi.encodeFunctionData('plan', [{ ...plan, ...fields }]) as Hex,
  );
};
const atHostilePool = { order: { venue: 2 } };
const pass = async (seconds: number): Promise<void> => {
  await victim.scene.node.rpc('evm_increaseTime', [seconds]);
  await victim.scene.node.rpc('evm_mine');
};
const say = async (answer: bigint, ageSeconds = 0): Promise<unknown> => {
  const { node, band } = victim.scene;
  return setFeed(node, victim.deployer, band.feed, answer, (await clockOf(node)) - ageSeconds);
};

test('a trade within the grant goes through, by both tokens, and leaves no allowance', async () => {
  const { node, pools, self, usdc, weth } = victim.scene;
  expect(await tryOperation(victim, { order: { amountIn: ETH } })).toMatchObject({ kind: 'done' });
  expect(await balanceOf(node, weth, self)).toBe(9n * ETH);
  const buy = { sell: false, amountIn: 3_000n * 10n ** 6n };
  expect(await tryOperation(victim, { sequence: 1n, order: buy })).toMatchObject({ kind: 'done' });
  expect(await balanceOf(node, weth, self)).toBeGreaterThan((999n * ETH) / 100n);
  for (const token of [weth, usdc]) {
    for (const spender of [...pools, victim.scene.band.module]) {
      const data = erc20.encodeFunctionData('allowance', [self, spender]);
      expect(BigInt((await node.rpc('eth_call', [{ to: token, data }, 'latest'])) as string)).toBe(0n);
    }
  }
});

describe('what an operation may be', () => {
  const good = async (): Promise<{ to: Hex; data: Hex }> => {
    const { band, node, policy } = victim.scene;
    return rebalanceCall(
      band.module,
      policy,
      0,
      sceneOrder(policy, await clockOf(node), { sell: true, amountIn: ETH }),
    );
  };
  const account = new Interface(['function execute(bytes32,bytes)']);
  const execute = (mode: string, ...parts: string[]): Hex =>
    account.encodeFunctionData('execute', [mode.padEnd(66, '0'), concat(parts)]) as Hex;
  const word = (value: bigint): string => toBeHex(value, 32);

  test.each<[string, (call: { to: Hex; data: Hex }) => Hex]>([
    [
      'a transfer',
      () =>
        executeCalldata([
          {
            to: victim.scene.weth,
            data: erc20.encodeFunctionData('transfer', [victim.stranger, ETH]).padEnd(2_600, '0') as Hex,
          },
        ]),
    ],
    ['a batch', (call) => executeCalldata([call, call])],
    ['a delegate call', ({ data, to }) => execute('0xff', to, word(0n), data)],
    ['a call that may fail', ({ data, to }) => execute('0x0001', to, word(0n), data)],
    ['a call with value', ({ data, to }) => execute('0x', to, word(1n), data)],
    ['another target', ({ data }) => execute('0x', victim.stranger, word(0n), data)],
    ['another function of the module', ({ data, to }) => execute('0x', to, word(0n), `0x12345678${data.slice(10)}`)],
    ['another function of the account', (call) => `0x12345678${executeCalldata([call]).slice(10)}`],
    [
      'a gap in the encoding',
      (call) => {
        const data = executeCalldata([call]);
        return `0x${data.slice(2, 10)}${data.slice(10, 74)}${word(96n).slice(2)}${word(0n).slice(2)}${data.slice(138)}`;
      },
    ],
    [
      'a rebalance that is shown, and a transfer that is done',
      (call) => {
        const shown = executeCalldata([call]);
        const transfer = erc20.encodeFunctionData('transfer', [victim.stranger, ETH]) as Hex;
        const done = concat([victim.scene.weth, word(0n), transfer]);
        const [length, offset] = [BigInt(dataLength(done)), BigInt(dataLength(shown) - 4)];
        return `${shown.slice(0, 74)}${word(offset).slice(2)}${shown.slice(138)}${word(length).slice(2)}${done.slice(2)}` as Hex;
      },
    ],
    ['nothing', () => '0x'],
  ])('refuses %s', async (_, callData) => {
    await refused({ change: { callData: callData(await good()) } }, 'NotARebalance');
  });

  test('refuses data to initialise the account with', async () => {
    await refused({ change: { initCode: `0x7702${'00'.repeat(18)}` } }, 'NotARebalance');
  });

  test('refuses the sender of another account', async () => {
    // As an account would that hands on whatever it is given.
    const { band, keys } = victim.scene;
    const operation = await operationOf(victim, { key: keys.session });
    const validate = new Interface([
      'function validateUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes) op, bytes32 hash) returns (uint256)',
    ]);
    const { packed } = await import('../src/local/index.js');
    const fields = packed({ ...operation, sender: victim.stranger });
    const data = validate.encodeFunctionData('validateUserOp', [fields, `0x${'11'.repeat(32)}`]) as Hex;
    expect(await checkOfCall(victim, victim.scene.self, { to: band.module, data })).toBe('NotARebalance');
  });

  test('refuses another key', () => refused({ key: victim.scene.keys.policy }, 'AA24'));

  test('takes the signature over the hash as a message, too', async () => {
    const { hashMessage } = await import('ethers/hash');
    const { getBytes } = await import('ethers/utils');
    const { operationHash } = await import('../src/local/index.js');
    const { entryPoint, keys, node } = victim.scene;
    const operation = await operationOf(victim);
    const hash = hashMessage(getBytes(operationHash(operation, entryPoint, node.id))) as Hex;
    const { attempt } = await import('../src/local/index.js');
    const signed = { ...operation, signature: signHash(keys.session, hash) };
    expect(await attempt(node, entryPoint, signed, victim.stranger)).toMatchObject({ kind: 'done' });
  });

  test('refuses another paymaster, and none', async () => {
    const limits = [SCENE_GAS.paymasterVerificationGas, SCENE_GAS.paymasterPostOpGas].map((limit) =>
      toBeHex(limit, 16),
    );
    const foreign = concat([victim.stranger, ...limits]) as Hex;
    await refused({ change: { paymasterAndData: foreign } }, 'PaymasterNotGranted');
    await refused({ change: { paymasterAndData: '0x' } }, 'PaymasterNotGranted');
  });

  test.each(['callGas', 'verificationGas', 'preVerificationGas', 'maxFeeWei'] as const)('bounds %s', async (field) => {
    await refused({ change: { [field]: 10n ** (field === 'maxFeeWei' ? 12n : 8n) } }, 'GasBudgetExceeded');
  });

  test('counts the gas of the paymaster, too', async () => {
    const { band } = victim.scene;
    const limits = (verification: bigint, postOp: bigint): Hex =>
      concat([band.paymaster, toBeHex(verification, 16), toBeHex(postOp, 16)]) as Hex;
    await refused({ change: { paymasterAndData: limits(10n ** 8n, 40_000n) } }, 'GasBudgetExceeded');
    await refused({ change: { paymasterAndData: limits(100_000n, 10n ** 8n) } }, 'GasBudgetExceeded');
  });
});

test('no gas is charged to a bucket that lies before one in use', async () => {
  const { policy } = victim.scene;
  await pass(policy.windowSeconds / 4 + 1);
  await say(SCENE_ANSWER);
  expect(await tryOperation(victim)).toMatchObject({ kind: 'done' });
  await refused({ sequence: 1n, order: { bucket: 0 } }, 'GasBudgetExceeded');
});

test('reverting operations burn no more than the gas budget of a window', async () => {
  const request = { order: { minOut: 2n ** 100n }, change: { callGas: 1_500_000n } };
  let sequence = 0n;
  while ((await tryOperation(victim, { ...request, sequence })).kind === 'reverted') sequence += 1n;
  await refused({ ...request, sequence }, 'GasBudgetExceeded');
  // 2 · 10^16 wei at 2 gwei, 1.885 million units each.
  expect(sequence).toBe(5n);
});

describe('the grant', () => {
  test('is not another policy', () => {
    const scene = { ...victim.scene, policy: { ...victim.scene.policy, capAtoms: 2n ** 127n } };
    return expectRefusal({ ...victim, scene }, 'GrantUnknown');
  });

  test('does not hold on another chain', () => {
    const scene = { ...victim.scene, policy: { ...victim.scene.policy, chainId: 1 } };
    return expectRefusal({ ...victim, scene }, 'PolicyOfOtherChain');
  });

  async function expectRefusal(other: Victim, check: string): Promise<void> {
    expect(await tryOperation(other)).toMatchObject({ kind: 'refused', check });
  }

  test('has an end', async () => {
    const { node, policy } = victim.scene;
    // Well within a bucket: at its first second the entry point takes none.
    await pass(policy.expiry + 100 - (await clockOf(node)));
    await say(SCENE_ANSWER);
    await refused({}, 'AA22');
    expect(await tryDirectly()).toBe('GrantExpired');
  });

  test('cannot be told that it has not ended by a bucket of before', async () => {
    const { node, policy } = victim.scene;
    const early = await operationOf(victim, { order: { deadline: 2 ** 40 } });
    await pass(policy.windowSeconds / 4 + 1);
    const { attempt } = await import('../src/local/index.js');
    expect(await attempt(node, victim.scene.entryPoint, early, victim.stranger)).toMatchObject({ check: 'AA22' });
    expect(await tryDirectly({ bucket: 0 })).toBe('BucketNotNow');
  });

  test('has orders with a deadline', async () => {
    const { node, entryPoint } = victim.scene;
    const late = await operationOf(victim);
    await pass(700);
    const { attempt } = await import('../src/local/index.js');
    expect(await attempt(node, entryPoint, late, victim.stranger)).toMatchObject({ check: 'AA22' });
    expect(await tryDirectly({ deadline: (await clockOf(node)) - 1 })).toBe('OrderExpired');
  });

  test('ends at once, alone and with all others, by transaction, by signature and with the module', async () => {
    const { band, grantId, keys, node, self } = victim.scene;
    const now = await clockOf(node);
    const bySignature = signHash(keys.owner, typedDataHash(revocationTypedData(self, grantId)));
    const allBySignature = signHash(keys.owner, typedDataHash(revocationOfAllTypedData(self, now)));
    const { module } = band;
    const ways: readonly [Hex, readonly { to: Hex; data: Hex }[]][] = [
      [self, [revokeCall(module, grantId)]],
      [self, [revokeAllCall(module)]],
      [victim.stranger, [revokeForCall(module, self, grantId, bySignature)]],
      [victim.stranger, [revokeAllForCall(module, self, now, allBySignature)]],
      [self, uninstallCalls(self, module).slice(1)],
    ];
    for (const [from, calls] of ways) {
      for (const { data, to } of calls) await succeed(node, from, to, data);
      await refused({}, 'GrantRevoked');
      expect(await checkOfCall(victim, self, grantCall(module, victim.scene.policy))).toBe('GrantRevoked');
      await victim.back();
    }
  });

  test('is ended by nobody but the owner', async () => {
    const { band, grantId, keys, self } = victim.scene;
    const now = await clockOf(victim.scene.node);
    const forged = signHash(keys.session, typedDataHash(revocationTypedData(self, grantId)));
    const all = signHash(keys.session, typedDataHash(revocationOfAllTypedData(self, now)));
    const { module } = band;
    expect(await checkOfCall(victim, victim.stranger, revokeForCall(module, self, grantId, forged))).toBe('NotOwner');
    expect(await checkOfCall(victim, victim.stranger, revokeAllForCall(module, self, now, all))).toBe('NotOwner');
    await succeed(victim.scene.node, victim.stranger, module, revokeCall(module, grantId).data);
    expect(await tryOperation(victim)).toMatchObject({ kind: 'done' });
  });

  test('revoked between validation and execution stops the execution', async () => {
    const { band, node, self } = victim.scene;
    await succeed(node, self, band.module, revokeAllCall(band.module).data);
    expect(await tryDirectly()).toBe('GrantRevoked');
  });

  test.each<[object, string]>([
    [{ sessionKey: NOBODY }, 'PolicyMalformed'],
    [{ windowSeconds: 0 }, 'PolicyMalformed'],
    [{ windowSeconds: 86_401 }, 'PolicyMalformed'],
    [{ lossBps: 0 }, 'PolicyMalformed'],
    [{ lossBps: 9_600 }, 'PolicyMalformed'],
    [{ start: 2 ** 40 }, 'PolicyMalformed'],
    [{ expiry: 1 }, 'GrantExpired'],
    [{ chainId: 1 }, 'PolicyOfOtherChain'],
  ])('is not made with %j', async (change, check) => {
    const { band, policy, self } = victim.scene;
    expect(await checkOfCall(victim, self, grantCall(band.module, { ...policy, ...change }))).toBe(check);
  });

  test('says nothing of another account', async () => {
    const { band, policy, node } = victim.scene;
    const call = rebalanceCall(
      band.module,
      policy,
      0,
      sceneOrder(policy, await clockOf(node), { sell: true, amountIn: 1n }),
    );
    expect(await checkOfCall(victim, victim.stranger, call)).toBe('GrantUnknown');
  });

  test('made twice keeps what it has used', async () => {
    const { band, node, policy, self } = victim.scene;
    await tryOperation(victim);
    const usage = new Interface(['function usage(address,bytes32) view returns (uint256)']);
    const read = async (): Promise<unknown> =>
      node.rpc('eth_call', [
        { to: band.module, data: usage.encodeFunctionData('usage', [self, victim.scene.grantId]) },
        'latest',
      ]);
    const before = await read();
    await succeed(node, self, band.module, grantCall(band.module, policy).data);
    expect(await read()).toBe(before);
  });
});

/** As another executor of the account might: past the validator. */
async function tryDirectly(change: object = {}): Promise<string | undefined> {
  const { band, node, policy, self } = victim.scene;
  const order = sceneOrder(policy, await clockOf(node), { sell: true, amountIn: ETH, ...change });
  return checkOfCall(victim, self, rebalanceCall(band.module, policy, 0, order));
}

describe('where and what', () => {
  test('a venue must be on the list', async () => {
    await reverted({ order: { venue: 3 } }, 'VenueNotListed');
    await reverted({ sequence: 1n, order: { venue: 4 } }, 'VenueNotListed');
  });

  test('a market must belong to the policy', async () => {
    const { band, node, policy } = victim.scene;
    const forged = { ...policy.markets[0]!, feed: victim.stranger };
    const order = sceneOrder(policy, await clockOf(node), { sell: true, amountIn: ETH });
    const good = rebalanceCall(band.module, policy, 0, order);
    const other = rebalanceCall(band.module, { ...policy, markets: [forged, policy.markets[1]!] }, 0, order);
    const words = (data: Hex, from: number, count: number): string =>
      data.slice(10 + 64 * from, 10 + 64 * (from + count));
    const data = `${good.data.slice(0, 10)}${words(good.data, 0, 14)}${words(other.data, 14, 14)}${good.data.slice(10 + 64 * 28)}`;
    await reverted({ change: { callData: executeCalldata([{ to: good.to, data: data as Hex }]) } }, 'MarketNotGranted');
  });
});

describe('the interval', () => {
  test('is not left', async () => {
    await reverted({ order: { amountIn: 21n * 10n ** 17n } }, 'Overshoot');
    await reverted({ sequence: 1n, order: { sell: false, amountIn: 6_300n * 10n ** 6n } }, 'Overshoot');
  });

  test('is gone toward, from outside', async () => {
    const { node, weth } = victim.scene;
    await victim.world.fund(node.tokens.WETH as never, victim.scene.self, 4n * ETH);
    await reverted({ order: { sell: false, amountIn: 10n ** 6n } }, 'WrongDirection');
    expect(await tryOperation(victim, { sequence: 1n })).toMatchObject({ kind: 'done' });
    expect(await balanceOf(node, weth, victim.scene.self)).toBe(13n * ETH);
  });

  const attest = async (
    fields: Partial<BandAttestation> = {},
    key = victim.scene.keys.policy,
  ): Promise<BandAttestation> => {
    const { band, grantId, node, policy, self } = victim.scene;
    const attestation = {
      low: 10n * ETH,
      high: 14n * ETH,
      sequence: 1,
      validUntil: (await clockOf(node)) + 600,
      ...fields,
    };
    const data = attestationTypedData({
      chainId: node.id,
      module: band.module,
      account: self,
      grantId,
      base: policy.markets[0]!.base,
      attestation,
    });
    return { ...attestation, signature: signHash(key, typedDataHash(data)) };
  };

  test('moves by word of the policy key, until that expires', async () => {
    await reverted({ attestation: await attest() }, 'WrongDirection');
    expect(await tryOperation(victim, { sequence: 1n })).toMatchObject({ kind: 'done' });
    await victim.back();
    const { band, node, policy, self } = victim.scene;
    const { data } = attestCall(band.module, self, policy, 0, await attest());
    await succeed(node, victim.stranger, band.module, data);
    await reverted({}, 'WrongDirection');
    await pass(700);
    expect(await tryOperation(victim, { sequence: 1n })).toMatchObject({ kind: 'done' });
  });

  test('moves by nobody else', async () => {
    await reverted({ attestation: await attest({}, victim.scene.keys.session) }, 'AttestationRefused');
  });

  test('moves not beyond the outer bounds', async () => {
    await reverted({ attestation: await attest({ low: 3n * ETH }) }, 'AttestationOutOfBounds');
    await reverted({ sequence: 1n, attestation: await attest({ high: 17n * ETH }) }, 'AttestationOutOfBounds');
    await reverted(
      { sequence: 2n, attestation: await attest({ low: 9n * ETH, high: 8n * ETH }) },
      'AttestationOutOfBounds',
    );
  });

  test('moves by the last word only, and not by one that has expired', async () => {
    const { band, node, policy, self } = victim.scene;
    const deliver = async (attestation: BandAttestation): Promise<string | undefined> =>
      checkOfCall(victim, victim.stranger, attestCall(band.module, self, policy, 0, attestation));
    await succeed(
      node,
      victim.stranger,
      band.module,
      attestCall(band.module, self, policy, 0, await attest({ sequence: 2 })).data,
    );
    expect(await deliver(await attest({ sequence: 2 }))).toBe('AttestationStale');
    expect(await deliver(await attest({ sequence: 3, validUntil: (await clockOf(node)) - 1 }))).toBe(
      'AttestationStale',
    );
    expect(await deliver(await attest({ sequence: 3 }))).toBeUndefined();
  });

  test('moves not without a policy key, for a grant that is dead, or for a market that is not there', async () => {
    const { band, node, policy, self } = victim.scene;
    const good = await attest();
    await succeed(node, self, band.module, revokeAllCall(band.module).data);
    expect(await checkOfCall(victim, victim.stranger, attestCall(band.module, self, policy, 0, good))).toBe(
      'GrantRevoked',
    );
    await victim.back();
    const foreign = { ...policy, markets: [{ ...policy.markets[0]!, outerLow: 1n }] };
    const data = attestCall(band.module, self, foreign, 0, good).data;
    const words = attestCall(band.module, self, policy, 0, good).data;
    // The policy that was granted (14 words behind the account), with another market.
    const mixed = `${words.slice(0, 10 + 15 * 64)}${data.slice(10 + 15 * 64)}` as Hex;
    expect(await checkOfCall(victim, victim.stranger, { to: band.module, data: mixed })).toBe('MarketNotGranted');
    expect(await moved({ policyKey: NOBODY }, { ...good, signature: '0x' })).toBe('AttestationRefused');
  });

  /** What stops an attestation for a grant with other fields; undefined when nothing does. */
  const moved = async (
    change: Partial<Victim['scene']['policy']>,
    attestation: BandAttestation,
  ): Promise<string | undefined> => {
    const { band, node, policy, self } = victim.scene;
    const changed = { ...policy, ...change };
    await succeed(node, self, band.module, grantCall(band.module, changed).data);
    return checkOfCall(victim, victim.stranger, attestCall(band.module, self, changed, 0, attestation));
  };

  test('moves by word of a contract, when the policy names one (ERC-1271)', async () => {
    const { node } = victim.scene;
    const contract: Hex = `0x${'66'.repeat(20)}`;
    const unsigned = { ...(await attest()), signature: '0x1234' as const };
    await node.rpc('anvil_setCode', [contract, '0x63ffffffff60e01b5f5260205ff3']);
    expect(await moved({ policyKey: contract }, unsigned)).toBe('AttestationRefused');
    await node.rpc('anvil_setCode', [contract, '0x631626ba7e60e01b5f5260205ff3']);
    expect(await moved({ policyKey: contract }, unsigned)).toBeUndefined();
  });

  test('has been moved, and a module that is told the policy again does not forget it', async () => {
    const { band, node, policy, self } = victim.scene;
    const onInstall = async (data: Hex): Promise<string | undefined> => {
      const abi = new Interface(['function onInstall(bytes)']);
      const call = { to: band.module, data: abi.encodeFunctionData('onInstall', [data]) as Hex };
      const check = await checkOfCall(victim, self, call);
      if (check === undefined) await succeed(node, self, band.module, call.data);
      return check;
    };
    const { base } = policy.markets[0]!;
    const words = encodePolicy(policy);
    await succeed(node, victim.stranger, band.module, attestCall(band.module, self, policy, 0, await attest()).data);
    expect(await onInstall(concat([words, toBeHex(base, 32)]) as Hex)).toBeUndefined();
    const again = attestCall(band.module, self, policy, 0, await attest());
    expect(await checkOfCall(victim, victim.stranger, again)).toBe('AttestationStale');
    await reverted({}, 'WrongDirection');
    // A policy that is cut off or has a tail that is no word.
    expect(await onInstall(words.slice(0, -64) as Hex)).toBe('PolicyMalformed');
    expect(await onInstall(`${words}00`)).toBe('PolicyMalformed');
  });
});

describe('the price', () => {
  const moved = { order: { venue: 0 } };

  test('of both sources counts: what a displaced pool gives is refused', async () => {
    const { node, pools, usdc, weth } = victim.scene;
    const swap = new Interface([
      'function exactInputSingle((address,address,uint24,address,uint256,uint256,uint160)) payable',
      'function approve(address,uint256)',
    ]);
    const router = node.contracts.uniswapV3SwapRouter02;
    await victim.world.fund(node.tokens.WETH as never, victim.stranger, 100n * ETH);
    await succeed(node, victim.stranger, weth, swap.encodeFunctionData('approve', [router, ETH * 100n]) as Hex);
    const args = [weth, usdc, 500, victim.stranger, 60n * ETH, 0, 0];
    await succeed(node, victim.stranger, router, swap.encodeFunctionData('exactInputSingle', [args]) as Hex);
    expect(pools[0]).toBeDefined();
    await reverted(moved, 'LossAboveBound');
    // A purchase is a bargain now.
    const buy = { sell: false, amountIn: 1_000n * 10n ** 6n };
    expect(await tryOperation(victim, { sequence: 1n, order: buy })).toMatchObject({ kind: 'done' });
  });

  test('may differ between the sources, for more of the cap, up to a limit', async () => {
    // 300 of 50 basis points: seven times the notional of 3,000.
    await say((SCENE_ANSWER * 9_700n) / 10_000n);
    await reverted({ order: { amountIn: ETH } }, 'CapExceeded');
    expect(await tryOperation(victim, { sequence: 1n, order: { amountIn: ETH / 2n } })).toMatchObject({ kind: 'done' });
    await say((SCENE_ANSWER * 9_400n) / 10_000n);
    await reverted({ sequence: 2n, order: { amountIn: ETH / 100n } }, 'SourcesDisagree');
    await say((SCENE_ANSWER * 10_600n) / 10_000n);
    await reverted({ sequence: 3n, order: { amountIn: ETH / 100n } }, 'SourcesDisagree');
  });

  test('must be fresh and positive', async () => {
    await say(SCENE_ANSWER, 4_000);
    await reverted({}, 'FeedStale');
    await say(SCENE_ANSWER, -4_000);
    await reverted({ sequence: 1n }, 'FeedStale');
    await say(0n);
    await reverted({ sequence: 2n }, 'FeedBroken');
    await say(-1n);
    await reverted({ sequence: 3n }, 'FeedBroken');
  });

  test('is not all that the key can ask for', () => reverted({ order: { minOut: 3_100n * 10n ** 6n } }, 'BelowMinOut'));
});

describe('the cap', () => {
  test('rolls: four trades fill it, and it is free again five quarters later', async () => {
    const { node, policy } = victim.scene;
    const quarter = policy.windowSeconds / 4;
    const trade = (sequence: bigint, sell: boolean): ReturnType<typeof tryOperation> =>
      tryOperation(victim, {
        sequence,
        order: sell ? { amountIn: ETH } : { sell: false, amountIn: 2_990n * 10n ** 6n },
      });
    await pass(policy.start + quarter - (await clockOf(node)) - 30);
    await say(SCENE_ANSWER);
    for (const sequence of [0n, 1n, 2n])
      expect(await trade(sequence, sequence % 2n === 0n)).toMatchObject({ kind: 'done' });
    for (const [at, sequence] of [3n, 4n, 5n, 6n].entries()) {
      await pass(at === 0 ? 60 : quarter);
      await say(SCENE_ANSWER);
      expect(await trade(sequence, false)).toMatchObject({ kind: 'reverted', check: 'CapExceeded' });
    }
    await pass(quarter);
    await say(SCENE_ANSWER);
    expect(await trade(7n, false)).toMatchObject({ kind: 'done' });
  });
});

describe('a hostile venue', () => {
  test.each([
    ['asks for more than was ordered', { askPercent: [101n], amount: 3_100n * 10n ** 6n }, 'CallbackTooGreedy'],
    ['asks twice', { askPercent: [50n, 50n], amount: 3_000n * 10n ** 6n }, 'CallbackNotExpected'],
    ['gives less than the bound', { amount: 2_984n * 10n ** 6n }, 'LossAboveBound'],
    ['takes nothing', { askPercent: [], amount: 1n }, 'NothingTraded'],
  ])('that %s is refused', async (_, plan, check) => {
    await planPool(plan);
    await reverted(atHostilePool, check);
  });

  test('gets no dust for nothing', async () => {
    await planPool({ amount: 0n });
    await reverted({ order: { venue: 2, amountIn: 10n ** 8n } }, 'LossAboveBound');
  });

  test('that gives enough is one like others', async () => {
    await planPool({ amount: 2_986n * 10n ** 6n });
    expect(await tryOperation(victim, atHostilePool)).toMatchObject({ kind: 'done' });
  });

  test('that calls back in is refused', async () => {
    const { band, node, policy } = victim.scene;
    const again = rebalanceCall(
      band.module,
      policy,
      0,
      sceneOrder(policy, await clockOf(node), { sell: true, amountIn: 1n }),
    );
    await planPool({ amount: 3_000n * 10n ** 6n, target: band.module, data: again.data });
    await reverted(atHostilePool, 'Reentered');
  });

  test('is paid in a trade only', async () => {
    const callback = new Interface(['function uniswapV3SwapCallback(int256,int256,bytes)']);
    const data = callback.encodeFunctionData('uniswapV3SwapCallback', [1n, -1n, '0x']) as Hex;
    for (const from of [victim.stranger, hostile.pool]) {
      expect(await checkOfCall(victim, from, { to: victim.scene.band.module, data })).toBe('CallbackNotExpected');
    }
  });

  test('and a token that takes more than was ordered are refused', async () => {
    const { node, self } = victim.scene;
    await planPool({ amount: 100n * 10n ** 6n });
    const take = tokenAbi.encodeFunctionData('take', [self, ETH]);
    await succeed(
      node,
      victim.deployer,
      hostile.token,
      tokenAbi.encodeFunctionData('plan', [hostile.token, take, true]) as Hex,
    );
    const order = { venue: 0, amountIn: 100n * ETH };
    await reverted({ market: 1, order }, 'PaidTooMuch');
    await succeed(
      node,
      victim.deployer,
      hostile.token,
      tokenAbi.encodeFunctionData('plan', [NOBODY, '0x', true]) as Hex,
    );
    expect(await tryOperation(victim, { sequence: 1n, market: 1, order })).toMatchObject({ kind: 'done' });
  });
});

test('a session key signs no messages for the account', async () => {
  const { band, keys, node, self } = victim.scene;
  const hash = `0x${'22'.repeat(32)}` as const;
  const account = new Interface(['function isValidSignature(bytes32,bytes) view returns (bytes4)']);
  const ask = async (signature: string): Promise<string> =>
    String(
      await node.rpc('eth_call', [
        { to: self, data: account.encodeFunctionData('isValidSignature', [hash, signature]) },
        'latest',
      ]),
    ).slice(0, 10);
  expect(await ask(concat([band.module, signHash(keys.session, hash)]))).toBe('0xffffffff');
  expect(await ask(signHash(keys.session, hash))).toBe('0xffffffff');
  expect(await ask(signHash(keys.owner, hash))).toBe('0x1626ba7e');
});
