import { Wallet } from 'ethers';
import { inspect } from 'node:util';
import { type Account, type Address, type Chain } from '@evenkeel/core';
import { cancelProgramme, executeProgramme, type ExecuteRequest, resumeProgramme } from '@evenkeel/core/execution';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { callsStatus, eip5792Account, type Eip5792Options, walletCapabilities } from '../src/eip5792/index.js';
import { allowanceLeft, batchRequest, holdings, reconcile, swapCalls } from './support/batch-on-world.js';
import { type Market, marketOf } from './support/swap-on-world.js';
import { testWallet, type TestWallet, type WalletMood } from './support/wallet-provider.js';

jest.setTimeout(120_000);

const USDC = 250_000_000n;
let world: World;
let local: WorldChain;
let market: Market;
let chain: Chain;
let wallet: Wallet;
let provider: TestWallet;
let account: Account;

let names = 0;
const random = { bytes: (length: number) => new Uint8Array(length).fill(++names) };

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['erc4337'] });
  [local] = world.chains as [WorldChain];
  market = marketOf(local);
  chain = jsonRpcChain({ id: market.chainId, name: 'local', url: market.rpcUrl });
  wallet = new Wallet(world.accounts.trader.privateKey);
  provider = testWallet(local.provider, wallet.privateKey, local.parts.erc4337!.simple7702Account);
  account = await accountOver(provider);
});
afterAll(() => world?.close());
beforeEach(() => {
  provider.mood = 'confirms';
  provider.prompts = 0;
});

async function accountOver(over: TestWallet, change: Partial<Eip5792Options> = {}): Promise<Account> {
  const address = wallet.address as Address;
  return eip5792Account({
    address,
    providers: { [market.chainId]: over },
    capabilities: await walletCapabilities(over, address, market.chainId),
    random,
    ...change,
  });
}

const requestFor = (extra: Partial<ExecuteRequest> = {}): Promise<ExecuteRequest> =>
  batchRequest({ world, market, chain, account, wallet, usdcAtoms: USDC }, extra);
const held = (): ReturnType<typeof holdings> => holdings(local, market, wallet.address as Address);
const spentSince = async (before: Readonly<Record<string, bigint>>): Promise<bigint> => {
  const usdc = market.usdc.address.toLowerCase();
  return before[usdc]! - (await held())[usdc]!;
};
const signing = (calls = swapCalls(market, wallet.address as Address, USDC), chainId = market.chainId) => ({
  chainId,
  calls,
  nonceKey: 0n,
  nonce: 0n,
  gasLimit: 0n,
  maxFeePerGasWei: 0n,
  maxPriorityFeePerGasWei: 0n,
});

test('a wallet swaps in one request that its user confirms once, and every atom is told', async () => {
  expect(account.capabilities).toMatchObject({ atomicBatch: true, irrevocable: true });
  const before = await held();
  const request = await requestFor({ options: { pollMs: 20, rebroadcastMs: 20 } });
  const result = await executeProgramme(request);
  expect(result.steps.map(({ code }) => code)).toEqual(['STEP_FILLED']);
  reconcile(before, result.flows, await held());
  expect([provider.prompts, await allowanceLeft(local, market, account.owner)]).toEqual([1, 0n]);
});

test('a user who takes time is asked once, over restarts as well, and nothing is replaced', async () => {
  const before = await held();
  provider.mood = 'waits';
  const controller = new AbortController();
  const request = await requestFor({ options: { pollMs: 20, rebroadcastMs: 20, replaceAfterMs: 50 } });
  setTimeout(() => controller.abort(new Error('killed')), 300);
  await expect(executeProgramme({ ...request, signal: controller.signal })).rejects.toThrow('killed');
  setTimeout(() => void provider.resume(), 150);
  const result = await executeProgramme(request);
  expect([result.state, provider.prompts, await spentSince(before)]).toEqual(['completed', 1, USDC]);
});

test('a user who says no ends the run; resumed, the question comes again; cancelled, it never does', async () => {
  const before = await held();
  provider.mood = 'rejects';
  const request = await requestFor();
  const refusal: unknown = await executeProgramme(request).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'ACCOUNT_WALLET_REJECTED' });
  // A wallet's message may quote anything.
  expect(inspect(refusal, { depth: 20, showHidden: true })).not.toContain(wallet.privateKey);
  await expect(executeProgramme(request)).rejects.toMatchObject({ code: 'ACCOUNT_WALLET_REJECTED' });
  expect(provider.prompts).toBe(2);
  provider.mood = 'confirms';
  const { intentId } = request.programme;
  await cancelProgramme({ journal: request.journal, intentId, slice: 0 });
  const result = await resumeProgramme({ ...request, intentId, slice: 0 });
  expect([result.state, provider.prompts, await spentSince(before)]).toEqual(['cancelled', 2, 0n]);
  expect(result.steps.map(({ code }) => code)).toEqual(['STEP_CANCELLED']);
});

test('what waits in the wallet when the programme is cancelled is followed to its end', async () => {
  const before = await held();
  provider.mood = 'waits';
  const request = await requestFor({
    onEvent: ({ type }) => {
      if (type !== 'step-sent') return;
      void cancelProgramme({ journal: request.journal, intentId: request.programme.intentId, slice: 0 });
      setTimeout(() => void provider.resume(), 200);
    },
  });
  const result = await executeProgramme(request);
  expect([result.steps[0]!.code, await spentSince(before)]).toEqual(['STEP_FILLED', USDC]);
});

test('a request that the wallet gives up is cancelled', async () => {
  const before = await held();
  provider.mood = 'gives-up';
  const result = await executeProgramme(await requestFor());
  expect([result.steps[0]!.code, await spentSince(before)]).toEqual(['STEP_CANCELLED', 0n]);
});

test('a process that dies between signature and storage leaves nothing that needs a nonce', async () => {
  const request = await requestFor();
  const dying = { ...account, sign: () => Promise.reject(new Error('killed')) };
  await expect(executeProgramme({ ...request, accounts: [dying] })).rejects.toThrow('killed');
  const { intentId } = request.programme;
  await cancelProgramme({ journal: request.journal, intentId, slice: 0 });
  const result = await resumeProgramme({ ...request, intentId, slice: 0 });
  expect([result.steps[0]!.code, provider.prompts]).toEqual(['PROGRAMME_CANCELLED', 0]);
});

test.each<readonly [WalletMood, string]>([
  ['fails', 'ACCOUNT_WALLET_FAILED'],
  ['renames', 'ACCOUNT_WALLET_ID_FOREIGN'],
  ['elsewhere', 'WALLET_WRONG_CHAIN'],
  ['garbage', 'WALLET_GARBAGE'],
])('a wallet that %s is %s', async (mood, code) => {
  const signed = await account.sign(signing());
  provider.mood = mood;
  await expect(account.submission.send(chain, signed)).rejects.toMatchObject({ code });
});

test('a transaction that our node does not hold has not happened, whatever the wallet says', async () => {
  const signed = await account.sign(signing());
  provider.mood = 'lies';
  await account.submission.send(chain, signed);
  expect(await callsStatus(provider, signed.hash)).toMatchObject({ state: 'confirmed' });
  expect(await account.submission.receipt(chain, signed.hash)).toBeNull();
});

test('a wallet without atomic batches gets one call at a time', async () => {
  const plain = await accountOver(testWallet(local.provider, wallet.privateKey, market.router, false));
  expect(plain.capabilities).toMatchObject({ batched: false, atomicBatch: false });
  await expect(plain.sign(signing())).rejects.toMatchObject({ code: 'ACCOUNT_CANNOT_BATCH' });
  // One that claims more than the wallet can do is found out by the wallet.
  const boasting = await accountOver(testWallet(local.provider, wallet.privateKey, market.router, false), {
    capabilities: { atomic: 'supported', paymasterService: false },
  });
  const signed = await boasting.sign(signing());
  await expect(boasting.submission.send(chain, signed)).rejects.toMatchObject({ code: 'ACCOUNT_WALLET_UNSUPPORTED' });
});

test('refused: no calls, a chain without provider, bytes that are no request, an account that is none', async () => {
  await expect(account.sign(signing([]))).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'calls' });
  await expect(account.sign(signing(undefined, 5))).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'chainId' });
  provider.mood = 'elsewhere';
  await expect(account.sign(signing())).rejects.toMatchObject({ code: 'WALLET_WRONG_CHAIN' });
  provider.mood = 'confirms';
  const signed = await account.sign(signing());
  for (const change of [{ raw: '0x1234' as const }, { hash: `0x${'00'.repeat(32)}` as const }]) {
    await expect(account.submission.send(chain, { ...signed, ...change })).rejects.toMatchObject({
      code: 'WALLET_REQUEST_MALFORMED',
    });
  }
  await expect(accountOver(provider, { address: '0x12' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: 'address',
  });
});
