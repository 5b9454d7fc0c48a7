import { Contract, Interface, Wallet } from 'ethers';
import type { Account, Address, Chain } from '@evenkeel/core';
import { executeProgramme } from '@evenkeel/core/execution';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import {
  bundlerClient,
  entryPoint,
  erc4337Account,
  paymasterService,
  simpleAccountKind,
} from '../src/erc4337/index.js';
import { allowanceLeft, batchRequest, holdings, reconcile } from './support/batch-on-world.js';
import { type LoopbackBundler, startLoopbackBundler } from './support/loopback-bundler.js';
import { type LoopbackPaymaster, type PaymasterMood, startLoopbackPaymaster } from './support/loopback-paymaster.js';
import { type Market, marketOf } from './support/swap-on-world.js';

// Entry point 0.7 with SimpleAccount and VerifyingPaymaster, all deployed from their own package; bundler and paymaster
// service are ours.

jest.setTimeout(120_000);

const USDC = 250_000_000n;
let world: World;
let local: WorldChain;
let market: Market;
let chain: Chain;
let wallet: Wallet;
let bundler: LoopbackBundler;
let service: LoopbackPaymaster;
let account: Account;
let self: Address;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['erc4337'] });
  [local] = world.chains as [WorldChain];
  market = marketOf(local);
  chain = jsonRpcChain({ id: market.chainId, name: 'local', url: market.rpcUrl });
  wallet = new Wallet(world.accounts.trader.privateKey);
  const contracts = local.parts.erc4337!;
  const { provider } = local;
  bundler = await startLoopbackBundler(
    provider,
    local.id,
    [contracts.entryPointV07],
    world.accounts.relayer.privateKey,
  );
  service = await startLoopbackPaymaster(provider, contracts.verifyingPaymasterV07, world.accounts.owner.privateKey);
  const factory = { address: contracts.simpleAccountFactoryV07, salt: 5n };
  self = await addressAt(factory);
  const kind = simpleAccountKind({ entryPoint: '0.7', address: self, factory });
  account = erc4337Account({
    kind,
    signer: wallet,
    networks: [
      {
        chain,
        bundler: bundlerClient({ chainId: chain.id, urls: [bundler.url] }),
        entryPoint: entryPoint('0.7'),
        paymaster: paymasterService({ url: service.url, context: { policyId: 'hedges' }, timeoutMs: 400 }),
      },
    ],
  });
  await world.fund(local.tokens.USDC, self, USDC * 4n);
});
afterAll(async () => {
  await bundler?.close();
  await service?.close();
  await world?.close();
});

async function addressAt(factory: { readonly address: Address; readonly salt: bigint }): Promise<Address> {
  const abi = new Interface(['function getAddress(address owner, uint256 salt) view returns (address)']);
  const data = abi.encodeFunctionData('getAddress', [wallet.address, factory.salt]);
  const answer = await local.provider.call({ to: factory.address, data });
  return abi.decodeFunctionResult('getAddress', answer)[0] as Address;
}

const emptyRequest = async () => ({
  chainId: chain.id,
  calls: [],
  nonceKey: 0n,
  nonce: await account.submission.usedNonces(chain, self, 0n),
  gasLimit: 60_000n,
  maxFeePerGasWei: 2n * (await chain.fees()).baseFeeWei + 1n,
  maxPriorityFeePerGasWei: 1n,
});

test('an account without any coin comes into being and swaps, at the paymaster’s cost', async () => {
  const deposits = new Contract(
    entryPoint('0.7').address,
    ['function balanceOf(address) view returns (uint256)'],
    local.provider,
  );
  const paymaster = local.parts.erc4337!.verifyingPaymasterV07;
  const deposit = (await deposits.balanceOf!(paymaster)) as bigint;
  expect(account.capabilities.sponsored).toBe(true);
  expect(await chain.code(self)).toBe('0x');
  for (const round of ['deploying', 'deployed']) {
    const before = await holdings(local, market, self, entryPoint('0.7').address);
    const result = await executeProgramme(
      await batchRequest({ world, market, chain, account, wallet, usdcAtoms: USDC }),
    );
    expect([round, result.state]).toEqual([round, 'completed']);
    expect(result.flows.filter(({ kind }) => kind === 'gas')).toEqual([]);
    reconcile(before, result.flows, await holdings(local, market, self, entryPoint('0.7').address));
  }
  expect(await chain.code(self)).not.toBe('0x');
  expect(await chain.balanceWei(self)).toBe(0n);
  expect(await allowanceLeft(local, market, self)).toBe(0n);
  expect((await deposits.balanceOf!(paymaster)) as bigint).toBeLessThan(deposit);
  expect(service.contexts[0]).toEqual({ policyId: 'hedges' });
});

test.each<readonly [PaymasterMood, string]>([
  ['hangs', 'RELAY_TIMEOUT'],
  ['garbage', 'RELAY_GARBAGE'],
  ['misshapen', 'RELAY_GARBAGE'],
  ['refuses', 'PAYMASTER_REFUSED'],
  ['forges', 'PAYMASTER_REFUSED'],
])('a paymaster service that %s is %s, and nothing is sent', async (mood, code) => {
  service.mood = mood;
  const bundles = bundler.bundles.length;
  await expect(account.sign(await emptyRequest())).rejects.toMatchObject({ code });
  expect(bundler.bundles.length).toBe(bundles);
  service.mood = 'honest';
});

test('a paymaster whose deposit is used up is found out before anything is sent', async () => {
  const deployer = new Wallet(world.accounts.deployer.privateKey, local.provider);
  const paymaster = new Contract(
    local.parts.erc4337!.verifyingPaymasterV07,
    ['function withdrawTo(address payable to, uint256 wei_)', 'function getDeposit() view returns (uint256)'],
    deployer,
  );
  const sent = (await paymaster.withdrawTo!(deployer.address, await paymaster.getDeposit!())) as {
    wait(): Promise<unknown>;
  };
  await sent.wait();
  await expect(account.sign(await emptyRequest())).rejects.toMatchObject({ code: 'PAYMASTER_UNFUNDED' });
});
