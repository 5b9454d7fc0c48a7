import { Transaction, Wallet } from 'ethers';
import type { Address, Chain } from '@evenkeel/core';
import { executeProgramme } from '@evenkeel/core/execution';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import {
  delegateOf,
  delegationTransaction,
  type DelegationTransactionRequest,
  eip7702Account,
  type SetCodeSigner,
  signDelegation,
  type SignedDelegation,
  signRevocation,
} from '../src/eip7702/index.js';
import { allowanceLeft, batchRequest, holdings, reconcile, swapCalls } from './support/batch-on-world.js';
import { type Market, marketOf } from './support/swap-on-world.js';

// Delegations on a real chain, and a batch of an EOA without a bundler.

jest.setTimeout(120_000);

const USDC = 250_000_000n;
let world: World;
let local: WorldChain;
let market: Market;
let chain: Chain;
let wallet: Wallet;
let sponsor: Wallet;
let delegate: Address;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['erc4337'] });
  [local] = world.chains as [WorldChain];
  market = marketOf(local);
  chain = jsonRpcChain({ id: market.chainId, name: 'local', url: market.rpcUrl });
  wallet = new Wallet(world.accounts.trader.privateKey);
  sponsor = new Wallet(world.accounts.stranger.privateKey);
  delegate = local.parts.erc4337!.simple7702Account;
});
afterAll(() => world?.close());

const nonceOf = async ({ address }: { address: string }): Promise<bigint> =>
  BigInt(await chain.transactionCount(address as Address, 'latest'));

async function deliver(sender: SetCodeSigner, ...delegations: SignedDelegation[]): Promise<void> {
  const { raw, hash } = await delegationTransaction(sender, await requestFor(sender, delegations));
  await chain.sendRawTransaction(raw);
  expect(await local.provider.waitForTransaction(hash)).toMatchObject({ status: 1 });
}

async function requestFor(
  sender: SetCodeSigner,
  delegations: readonly SignedDelegation[],
): Promise<DelegationTransactionRequest> {
  const { baseFeeWei, priorityFeeWei } = await chain.fees();
  return {
    chainId: chain.id,
    delegations,
    nonce: await nonceOf(sender),
    maxFeePerGasWei: 2n * baseFeeWei + priorityFeeWei,
    maxPriorityFeePerGasWei: priorityFeeWei,
  };
}

test('an account without any coin delegates, and takes it back, at a sponsor’s cost; chain 0 is every chain', async () => {
  const owner = Wallet.createRandom();
  const account = owner.address as Address;
  await deliver(sponsor, await signDelegation(owner, { delegate, chainId: 0, nonce: 0n }));
  expect(await delegateOf(chain, account)).toBe(delegate);
  await deliver(sponsor, await signRevocation(owner, { chainId: chain.id, nonce: 1n }));
  expect(await delegateOf(chain, account)).toBeUndefined();
});

test('an account delegates by itself: its transaction uses a nonce before the authorization does', async () => {
  const next = (await nonceOf(sponsor)) + 1n;
  await deliver(sponsor, await signDelegation(sponsor, { delegate, chainId: chain.id, nonce: next }));
  expect(await delegateOf(chain, sponsor.address as Address)).toBe(delegate);
  await deliver(sponsor, await signRevocation(sponsor, { chainId: chain.id, nonce: next + 2n }));
  expect(await delegateOf(chain, sponsor.address as Address)).toBeUndefined();
});

test('the first batch delegates; approve and swap are one transaction, and nothing is left approved', async () => {
  const account = eip7702Account({ signer: wallet, delegate, chains: [chain] });
  const owner = account.owner;
  for (const round of ['delegating', 'delegated']) {
    const before = await holdings(local, market, owner);
    const nonce = await nonceOf(wallet);
    const request = await batchRequest({ world, market, chain, account, wallet, usdcAtoms: USDC });
    const result = await executeProgramme(request);
    expect([round, result.state]).toEqual([round, 'completed']);
    reconcile(before, result.flows, await holdings(local, market, owner));
    expect(await allowanceLeft(local, market, owner)).toBe(0n);
    // An authorization counts as well.
    expect((await nonceOf(wallet)) - nonce).toBe(round === 'delegating' ? 2n : 1n);
    expect(await delegateOf(chain, owner)).toBe(delegate);
  }
});

describe('refused', () => {
  const sign = async (signer: SetCodeSigner, change: Partial<SignedDelegation>, owner = Wallet.createRandom()) => {
    const delegation = await signDelegation(owner, { delegate, chainId: chain.id, nonce: 0n });
    return delegationTransaction(signer, await requestFor(signer, [{ ...delegation, ...change }]));
  };

  test('an authorization that its authority has not signed', async () => {
    for (const change of [
      { delegate: market.router },
      { nonce: 1n },
      { chainId: 0 },
      { authority: wallet.address as Address },
      { r: `0x${'00'.repeat(32)}` as const },
    ]) {
      await expect(sign(sponsor, change)).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    }
  });

  test('one of another chain, or that comes too early for its own transaction, and none at all', async () => {
    const elsewhere = await signDelegation(wallet, { delegate, chainId: 1, nonce: 0n });
    const early = await signDelegation(sponsor, { delegate, chainId: chain.id, nonce: await nonceOf(sponsor) });
    for (const [delegations, field] of [
      [[elsewhere], 'delegations.0.chainId'],
      [[early], 'delegations.0.nonce'],
      [[], 'delegations'],
    ] as const) {
      const request = await requestFor(sponsor, delegations);
      await expect(delegationTransaction(sponsor, request)).rejects.toMatchObject({ code: 'INVALID_INPUT', field });
    }
  });

  test('a signer that changes or drops a delegation', async () => {
    const dropping: SetCodeSigner = {
      address: sponsor.address,
      signTypedData: (...args) => sponsor.signTypedData(...args),
      signTransaction: (transaction) =>
        sponsor.signTransaction(
          transaction.type === 4 ? { ...transaction, authorizationList: [] } : { ...transaction },
        ),
    };
    await expect(sign(dropping, {})).rejects.toMatchObject({ code: 'SIGNER_ALTERED', field: 'authorizationList' });
    const other = Wallet.createRandom();
    const stranger = { address: wallet.address, authorize: (request: never) => other.authorize(request) };
    await expect(signDelegation(stranger, { delegate, chainId: 1, nonce: 0n })).rejects.toMatchObject({
      code: 'SIGNER_ALTERED',
    });
  });

  test('batches of an account that delegates elsewhere, to nothing, or on a chain that is not given', async () => {
    const request = {
      chainId: chain.id,
      calls: swapCalls(market, wallet.address as Address, USDC),
      nonceKey: 0n,
      nonce: await nonceOf(wallet),
      gasLimit: 400_000n,
      maxFeePerGasWei: 10n ** 10n,
      maxPriorityFeePerGasWei: 1n,
    };
    const foreign = eip7702Account({ signer: wallet, delegate: market.router, chains: [chain] });
    await expect(foreign.sign(request)).rejects.toMatchObject({ code: 'ACCOUNT_DELEGATE_FOREIGN' });
    const nowhere = eip7702Account({ signer: wallet, delegate: `0x${'12'.repeat(20)}`, chains: [chain] });
    await expect(nowhere.sign(request)).rejects.toMatchObject({ code: 'DELEGATE_MISSING' });
    const homeless = eip7702Account({ signer: wallet, delegate, chains: [] });
    await expect(homeless.sign(request)).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'chainId' });
    // A single call needs no delegate.
    const [single] = request.calls;
    const { raw } = await foreign.sign({ ...request, calls: [single!] });
    expect(Transaction.from(raw)).toMatchObject({ type: 2, data: single!.data });
  });
});
