import { Interface, Wallet } from 'ethers';
import type { Account, Address, Call, Chain, Hex, OperationRequest } from '@evenkeel/core';
import { executeProgramme } from '@evenkeel/core/execution';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { safeAccount, type SafeOptions, safeTransactionHash, type SafeTransaction } from '../src/safe/index.js';
import { allowanceLeft, batchRequest, holdings, reconcile, swapCalls } from './support/batch-on-world.js';
import { newSafe } from './support/new-safe.js';
import { type Market, marketOf } from './support/swap-on-world.js';

// Safe 1.4.1 as its authors have published it.

jest.setTimeout(60_000);

const USDC = 10_000_000n;
const NOBODY: Address = `0x${'00'.repeat(20)}`;
const [alice, bob, carol, mallory] = [1, 2, 3, 4].map((which) => new Wallet(`0x${`5${which}`.repeat(32)}`)) as [
  Wallet,
  Wallet,
  Wallet,
  Wallet,
];
const safeAbi = new Interface([
  'function getTransactionHash(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, uint256 nonce) view returns (bytes32)',
]);
let world: World;
let local: WorldChain;
let market: Market;
let chain: Chain;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['safe'] });
  [local] = world.chains as [WorldChain];
  market = marketOf(local);
  chain = jsonRpcChain({ id: market.chainId, name: 'local', url: market.rpcUrl });
});
afterAll(() => world?.close());

async function open(owners: readonly Wallet[], threshold: number, change: Partial<SafeOptions> = {}) {
  const addresses = [alice, bob, carol].map(({ address }) => address);
  const safe = await newSafe(world, local, addresses, threshold);
  await world.fund(local.tokens.USDC, safe, USDC * 20n);
  const relayer = new Wallet(world.accounts.relayer.privateKey);
  const multiSend = local.parts.safe!.multiSendCallOnly;
  return { safe, account: safeAccount({ address: safe, owners, relayer, chains: [chain], multiSend, ...change }) };
}

async function requestOf(account: Account, calls: readonly Call[], nonceAhead = 0n): Promise<OperationRequest> {
  const { baseFeeWei, priorityFeeWei } = await chain.fees();
  return {
    chainId: chain.id,
    calls,
    nonceKey: 0n,
    nonce: (await account.submission.usedNonces(chain, account.addressOn(chain.id), 0n)) + nonceAhead,
    gasLimit: 400_000n,
    maxFeePerGasWei: 2n * baseFeeWei + priorityFeeWei,
    maxPriorityFeePerGasWei: priorityFeeWei,
  };
}

test('its hash is the one that the Safe computes', async () => {
  const { safe } = await open([alice], 1);
  for (const operation of [0, 1] as const) {
    const transaction: SafeTransaction = {
      to: bob.address as Address,
      value: 17n,
      data: '0x1234567890',
      operation,
      safeTxGas: 123_456n,
      nonce: 9n,
    };
    const { data, nonce, safeTxGas, to, value } = transaction;
    const fields = [to, value, data, operation, safeTxGas, 0, 0, NOBODY, NOBODY, nonce];
    const asked = await local.provider.call({
      to: safe,
      data: safeAbi.encodeFunctionData('getTransactionHash', fields),
    });
    expect(safeTransactionHash(chain.id, safe, transaction)).toBe(asked);
  }
});

test('two of three owners swap in one transaction of the outbox; nothing is left approved, and flows reconcile', async () => {
  // Signatures have to be sorted by address, whatever the order of the signers.
  for (const owners of [
    [alice, bob],
    [bob, alice],
    [carol, mallory, bob],
  ]) {
    const { account, safe } = await open(owners, 2);
    const before = await holdings(local, market, safe);
    const wallet = owners[0]!;
    const request = await batchRequest({ world, market, chain, account, wallet, usdcAtoms: USDC, parts: 2 });
    const result = await executeProgramme(request);
    expect(result.state).toBe('completed');
    expect(await allowanceLeft(local, market, safe)).toBe(0n);
    reconcile(before, result.flows, await holdings(local, market, safe));
    expect(await account.submission.usedNonces(chain, safe, 0n)).toBe(2n);
  }
});

describe('refuses', () => {
  const swap = (safe: Address): readonly Call[] => swapCalls(market, safe, USDC);
  const sign = async (account: Account, change: Partial<OperationRequest> = {}) =>
    account.sign({ ...(await requestOf(account, swap(account.addressOn(chain.id)))), ...change });

  test('what is no Safe, and too few owners', async () => {
    const nowhere = (await open([alice], 1, { address: bob.address as Address })).account;
    const request = { ...(await requestOf((await open([alice], 1)).account, [])) };
    await expect(nowhere.sign(request)).rejects.toMatchObject({ code: 'ACCOUNT_SAFE_UNKNOWN' });
    await expect(nowhere.submission.usedNonces(chain, nowhere.owner, 0n)).rejects.toMatchObject({
      code: 'ACCOUNT_SAFE_UNKNOWN',
    });
    const { account } = await open([alice, mallory], 2);
    await expect(sign(account)).rejects.toMatchObject({ code: 'ACCOUNT_SAFE_THRESHOLD' });
  });

  test('another chain, another counter, no owner, and no address', async () => {
    const { account, safe } = await open([alice], 1);
    await expect(sign(account, { chainId: 5 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(sign(account, { nonceKey: 1n })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const relayer = new Wallet(world.accounts.relayer.privateKey);
    for (const bad of [{ owners: [] }, { address: '0x12' as Address }]) {
      const make = () => safeAccount({ address: safe, owners: [alice], relayer, chains: [chain], ...bad });
      expect(make).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    }
  });

  test('an owner who signs something else', async () => {
    const liar = {
      address: alice.address,
      signTypedData: (...args: Parameters<Wallet['signTypedData']>) => bob.signTypedData(...args),
    };
    const { account } = await open([liar as Wallet], 1);
    await expect(sign(account)).rejects.toMatchObject({ code: 'SIGNER_ALTERED' });
  });

  test('to relay what the Safe would refuse: a nonce ahead, and signatures that owners have not given', async () => {
    const { account, safe } = await open([alice], 1);
    const sent = await chain.transactionCount(world.accounts.relayer.address, 'latest');
    const ahead = await account.sign(await requestOf(account, swap(safe), 1n));
    const code = 'SAFE_OPERATION_REFUSED';
    await expect(account.submission.send(chain, ahead)).rejects.toMatchObject({ code });
    const good = await sign(account);
    const forged = good.raw.replace(/[0-9a-f]{8}(?=(00)*(1b|1c)0{62})/, '00000000') as Hex;
    expect(forged).not.toBe(good.raw);
    await expect(account.submission.send(chain, { ...good, raw: forged })).rejects.toMatchObject({ code });
    expect(await chain.transactionCount(world.accounts.relayer.address, 'latest')).toBe(sent);
  });

  test('to relay what is of another chain or Safe, or has another hash', async () => {
    const [one, other] = [await open([alice], 1), await open([alice], 1)];
    const signed = await sign(one.account);
    const code = 'SAFE_OPERATION_MALFORMED';
    await expect(other.account.submission.send(chain, signed)).rejects.toMatchObject({ code });
    await expect(one.account.submission.send({ ...chain, id: 5 }, signed)).rejects.toMatchObject({ code });
    const renamed = { ...signed, hash: `0x${'11'.repeat(32)}` as Hex };
    await expect(one.account.submission.send(chain, renamed)).rejects.toMatchObject({ code });
  });
});

test('delivered after another transaction has used its nonce, it costs nothing and does nothing', async () => {
  const { account, safe } = await open([alice], 1);
  const [first, second] = [
    await account.sign(await requestOf(account, [])),
    await account.sign(await requestOf(account, swapCalls(market, safe, USDC))),
  ];
  await account.submission.send(chain, first);
  expect((await account.submission.receipt(chain, first.hash))?.success).toBe(true);
  const spent = await chain.transactionCount(world.accounts.relayer.address, 'latest');
  await account.submission.send(chain, second);
  expect(await chain.transactionCount(world.accounts.relayer.address, 'latest')).toBe(spent);
  expect(await account.submission.receipt(chain, second.hash)).toBeNull();
});
