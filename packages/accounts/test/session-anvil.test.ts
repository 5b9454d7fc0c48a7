import { Interface, Wallet } from 'ethers';
import { type Account, type Address, type Call, type Chain, type Hex } from '@evenkeel/core';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import {
  bucketAt,
  grantId,
  revocationOfAllTypedData,
  revokeAllForCall,
  type BandOrder,
  type BandPolicy,
} from '@evenkeel/contracts';
import { balanceOf, clockOf, deployBand, type LocalBand, scenePools, succeed } from '@evenkeel/contracts/local';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { type DelegationSigner, signDelegation, type SignedDelegation } from '../src/eip7702/index.js';
import {
  bundlerClient,
  entryPoint,
  erc4337Account,
  joinNonce,
  type OperationSigner,
  type UnsignedUserOperation,
  type UserOperation,
} from '../src/erc4337/index.js';
import {
  bandAccountKind,
  bandSessionKind,
  grantCalls,
  observationHint,
  revokeCalls,
  sessionTrade,
  signOperations,
  tokenPaymaster,
  type OperationOnChain,
} from '../src/session/index.js';
import { offerToWallet } from '../src/wallet/index.js';
import { testWallet } from './support/wallet-provider.js';
import { type LoopbackBundler, startLoopbackBundler } from './support/loopback-bundler.js';
import { samplePolicy } from './support/sample-policy.js';

// Two chains with the deployed entry point and the permission of @evenkeel/contracts; the bundlers are ours.

jest.setTimeout(120_000);

const ETH = 10n ** 18n;
const ANSWER = 3_000n * 10n ** 8n;
const owner = new Wallet(`0x${'a1'.repeat(32)}`);
const session = new Wallet(`0x${'a2'.repeat(32)}`);
const self = owner.address as Address;
const V08 = entryPoint('0.8');
const poolAbi = new Interface(['function increaseObservationCardinalityNext(uint16)']);
const paymasterAbi = new Interface(['function giveFreeOperations(address account, uint256 count)']);

interface Site {
  readonly node: WorldChain;
  readonly chain: Chain;
  readonly band: LocalBand;
  readonly bundler: LoopbackBundler;
  readonly policy: BandPolicy;
  readonly account: Account;
}

let world: World;
let sites: readonly Site[];

beforeAll(async () => {
  world = await startWorld({ chains: 2, parts: ['erc4337'] });
  sites = await Promise.all(world.chains.map(openSite));
});
afterAll(async () => {
  await Promise.all((sites ?? []).map(({ bundler }) => bundler.close()));
  await world?.close();
});

async function openSite(node: WorldChain): Promise<Site> {
  const { deployer, relayer } = world.accounts;
  const usdc = node.tokens.USDC.address;
  const request = { deployer: deployer.address, entryPoint: V08.address, gasToken: usdc, answer: ANSWER };
  const band = await deployBand(node, request);
  const give = paymasterAbi.encodeFunctionData('giveFreeOperations', [self, 1]) as Hex;
  await succeed(node, deployer.address, band.paymaster, give);
  await world.fund(node.tokens.WETH, self, 10n * ETH);
  await world.fund(node.tokens.USDC, self, 60_000n * 10n ** 6n);
  const chain = jsonRpcChain({ id: node.id, name: node.name, url: node.rpcUrl });
  const bundler = await startLoopbackBundler(node.provider, node.id, [V08.address], relayer.privateKey);
  const pools = scenePools(node);
  const grow = poolAbi.encodeFunctionData('increaseObservationCardinalityNext', [20]) as Hex;
  await succeed(node, deployer.address, pools[0]!, grow);
  const now = await clockOf(node);
  const [market] = samplePolicy().markets;
  const base = node.tokens.WETH.address;
  const policy = samplePolicy({
    chainId: node.id,
    sessionKey: session.address as Address,
    paymaster: band.paymaster,
    quote: usdc,
    // Nodes simulate by clocks of their own: well before them.
    start: now - 3_600,
    expiry: now + 86_400,
    gasBudgetWei: ETH,
    markets: [{ ...market!, base, feed: band.feed, twapPool: pools[0]!, pools, twapSeconds: 1 }],
  });
  const account = erc4337Account({
    kind: bandSessionKind({ account: self, module: band.module }),
    signer: session,
    networks: [
      {
        chain,
        bundler: bundlerClient({ chainId: node.id, urls: [bundler.url] }),
        entryPoint: V08,
        paymaster: tokenPaymaster({ address: band.paymaster }),
      },
    ],
  });
  return { node, chain, band, bundler, policy, account };
}

async function tradeOf({ account, band, chain, node, policy }: Site, order: Partial<BandOrder> = {}) {
  const now = await clockOf(node);
  const call = sessionTrade({
    module: band.module,
    policy,
    market: 0,
    order: {
      ...(await observationHint(chain, policy.markets[0]!)),
      sell: true,
      venue: 0,
      bucket: bucketAt(policy, now + 2),
      deadline: now + 900,
      amountIn: ETH,
      minOut: 1n,
      ...order,
    },
    description: 'sell 1 WETH',
  });
  return requestFor(account, chain, [call]);
}

async function requestFor(account: Account, chain: Chain, calls: readonly Call[]) {
  const { baseFeeWei, priorityFeeWei } = await chain.fees();
  return {
    chainId: chain.id,
    calls,
    nonceKey: 0n,
    nonce: await account.submission.usedNonces(chain, self, 0n),
    gasLimit: 400_000n,
    maxFeePerGasWei: 2n * baseFeeWei + priorityFeeWei,
    maxPriorityFeePerGasWei: priorityFeeWei,
  };
}

async function trade(site: Site, order: Partial<BandOrder> = {}): Promise<boolean | undefined> {
  const signed = await site.account.sign(await tradeOf(site, order));
  await site.account.submission.send(site.chain, signed);
  return (await site.account.submission.receipt(site.chain, signed.hash))?.success;
}

const grantOperation = ({ band, node, policy }: Site, delegation: SignedDelegation): OperationOnChain => {
  const gas = { token: node.tokens.USDC.address, atoms: 1_000n * 10n ** 6n };
  const calls = grantCalls({ account: self, module: band.module, policy, gas });
  const kind = bandAccountKind(band.account, { installs: band.module });
  const operation: UnsignedUserOperation = {
    sender: self,
    nonce: joinNonce(kind.nonceKey.keyOf(0n), 0n),
    deployment: { kind: 'delegation', delegation, data: '0x' },
    callData: kind.encodeCalls(calls),
    callGasLimit: 400_000n,
    verificationGasLimit: 120_000n,
    preVerificationGas: 60_000n,
    maxFeePerGasWei: 20_000_000_000n,
    maxPriorityFeePerGasWei: 0n,
    paymaster: { address: band.paymaster, verificationGasLimit: 80_000n, postOpGasLimit: 10_000n, data: '0x01' },
  };
  return { chainId: node.id, entryPoint: V08, operation };
};

/** An operation that the owner's account pays for, as a wallet would send it. */
async function asOwner(site: Site, calls: readonly Call[]): Promise<void> {
  await world.fundNative(site.node.id, self, ETH);
  const account = erc4337Account({
    kind: bandAccountKind(site.band.account),
    signer: owner,
    networks: [{ chain: site.chain, bundler: clientOf(site), entryPoint: V08 }],
  });
  const signed = await account.sign(await requestFor(account, site.chain, calls));
  await account.submission.send(site.chain, signed);
  expect((await account.submission.receipt(site.chain, signed.hash))?.success).toBe(true);
}

const clientOf = ({ bundler, node }: Pick<Site, 'bundler' | 'node'>) =>
  bundlerClient({ chainId: node.id, urls: [bundler.url] });

test('the owner signs twice; the session key then trades on both chains, with gas in USDC and no ETH', async () => {
  let signatures = 0;
  const counted: OperationSigner = {
    address: owner.address,
    authorize: (request) => ((signatures += 1), owner.authorize(request)),
    signTypedData: (...args) => ((signatures += 1), owner.signTypedData(...args)),
  };
  const [first, second] = sites as [Site, Site];
  expect(second.band).toMatchObject({ account: first.band.account, module: first.band.module });
  const request = { delegate: first.band.account, chainId: 0, nonce: 0n };
  const delegation = await signDelegation(counted as DelegationSigner, request);
  const operations = sites.map((site) => grantOperation(site, delegation));

  const somebodyElse: OperationSigner = { address: self, signTypedData: (...args) => session.signTypedData(...args) };
  await expect(signOperations(somebodyElse, operations)).rejects.toMatchObject({ code: 'GRANT_SIGNATURE_INVALID' });

  const [here, there] = (await signOperations(counted, operations)) as [UserOperation, UserOperation];
  expect(signatures).toBe(2);
  await clientOf(first).send(here, V08);
  // What leads to the root from one chain's grant leads from no other's.
  const foreign = { ...there, signature: here.signature };
  await delegateBeforehand(second);
  const code = 'OPERATION_SIGNATURE_REFUSED';
  await expect(clientOf(second).send(foreign, V08)).rejects.toMatchObject({ code });
  await clientOf(second).send(there, V08);

  for (const site of sites) {
    const { WETH } = site.node.tokens;
    expect(await trade(site)).toBe(true);
    expect(await balanceOf(site.node, WETH.address, self)).toBe(9n * ETH);
    expect(await site.chain.balanceWei(self)).toBe(0n);
  }
});

/** So that the signature is looked at, and not only taken: before it delegates, an account has no say. */
async function delegateBeforehand({ band, node }: Site): Promise<void> {
  await node.rpc('anvil_setCode', [self, `0xef0100${band.account.slice(2)}`]);
}

describe('a session key', () => {
  test('does nothing but trade', async () => {
    const [site] = sites as [Site];
    const { band, chain, node, policy } = site;
    const request = await tradeOf(site);
    const [good] = request.calls as [Call];
    const approve = { ...good, to: node.tokens.USDC.address };
    for (const calls of [[], [good, good], [approve], [{ ...good, valueWei: 1n }]]) {
      await expect(site.account.sign({ ...request, calls })).rejects.toMatchObject({ code: 'SESSION_CALLS_REFUSED' });
    }
    // Its own simulation finds out what the module would refuse, and nothing is sent.
    const sent = site.bundler.bundles.length;
    await expect(site.account.sign(await tradeOf(site, { amountIn: 5n * ETH }))).rejects.toMatchObject({
      code: 'OPERATION_REVERTS',
    });
    const greedy = { ...policy, capAtoms: 2n ** 100n };
    await expect(site.account.sign(await tradeOf({ ...site, policy: greedy }))).rejects.toMatchObject({
      code: 'OPERATION_INVALID',
    });
    const stranger = erc4337Account({
      kind: bandSessionKind({ account: self, module: band.module }),
      signer: Wallet.createRandom(),
      networks: [
        { chain, bundler: clientOf(site), entryPoint: V08, paymaster: tokenPaymaster({ address: band.paymaster }) },
      ],
    });
    await expect(stranger.sign(await tradeOf(site))).rejects.toMatchObject({ code: 'OPERATION_SIGNATURE_REFUSED' });
    expect(site.bundler.bundles.length).toBe(sent);
  });

  test('has no account where nobody has delegated', async () => {
    const [site] = sites as [Site];
    const account = erc4337Account({
      kind: bandSessionKind({ account: world.accounts.stranger.address, module: site.band.module }),
      signer: session,
      networks: [{ chain: site.chain, bundler: clientOf(site), entryPoint: V08 }],
    });
    await expect(account.sign(await tradeOf(site))).rejects.toMatchObject({ code: 'ACCOUNT_NOT_DEPLOYED' });
  });

  test('is out of work on one chain when its grant there ends, and on all by one signature', async () => {
    const [first, second] = sites as [Site, Site];
    await asOwner(first, revokeCalls(first.band.module, first.policy));
    await expect(first.account.sign(await tradeOf(first))).rejects.toMatchObject({ code: 'OPERATION_INVALID' });
    expect(await trade(second)).toBe(true);

    const until = await clockOf(second.node);
    const { domain, message, types } = revocationOfAllTypedData(self, until);
    const signature = (await owner.signTypedData({ ...domain }, { ...types }, { ...message })) as Hex;
    for (const { band, node } of sites) {
      const { data, to } = revokeAllForCall(band.module, self, until, signature);
      await succeed(node, world.accounts.stranger.address, to, data);
    }
    await expect(second.account.sign(await tradeOf(second))).rejects.toMatchObject({ code: 'OPERATION_INVALID' });
  });
});

test('an account and a session key of entry point 0.9 work as those of 0.8 do', async () => {
  const [{ chain, node, policy: like }] = sites as [Site];
  const { deployer, maker } = world.accounts;
  const point = entryPoint('0.9', node.parts.erc4337!.entryPointV09);
  const request = {
    deployer: deployer.address,
    entryPoint: point.address,
    gasToken: node.tokens.USDC.address,
    answer: ANSWER,
  };
  const band = await deployBand(node, request);
  const user = Wallet.createRandom();
  const account = user.address as Address;
  await world.fund(node.tokens.WETH, account, 10n * ETH);
  await world.fundNative(node.id, account, ETH);
  const loopback = await startLoopbackBundler(node.provider, node.id, [point.address], maker.privateKey);
  try {
    const bundler = clientOf({ bundler: loopback, node });
    const send = async (of: Account, calls: readonly Call[]): Promise<boolean | undefined> => {
      const signed = await of.sign({ ...(await requestFor(of, chain, calls)), ...(await nonceOf(of)) });
      await of.submission.send(chain, signed);
      return (await of.submission.receipt(chain, signed.hash))?.success;
    };
    const nonceOf = async (of: Account) => ({ nonce: await of.submission.usedNonces(chain, account, 0n) });
    const kind = bandAccountKind(band.account, { entryPoint: '0.9' });
    const owning = erc4337Account({ kind, signer: user, networks: [{ chain, bundler, entryPoint: point }] });
    const nobody: Address = `0x${'00'.repeat(20)}`;
    const policy = { ...like, paymaster: nobody, start: like.start + 1 };
    expect(await send(owning, grantCalls({ account, module: band.module, policy }))).toBe(true);
    const trading = erc4337Account({
      kind: bandSessionKind({ account, module: band.module, entryPoint: '0.9' }),
      signer: session,
      networks: [{ chain, bundler, entryPoint: point }],
    });
    const { calls } = await tradeOf({ ...sites[0]!, account: trading, band, policy });
    expect(await send(trading, calls)).toBe(true);
    expect(await balanceOf(node, node.tokens.WETH.address, account)).toBe(9n * ETH);
    expect(() => erc4337Account({ kind, signer: user, networks: [{ chain, bundler, entryPoint: V08 }] })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'networks.0.entryPoint' }),
    );
  } finally {
    await loopback.close();
  }
});

describe('a wallet is offered', () => {
  const id: Hex = `0x${'07'.repeat(32)}`;
  const newOwner = Wallet.createRandom();
  const account = newOwner.address as Address;
  const providers = () =>
    Object.fromEntries(
      sites.map(({ band, node }) => [node.id, testWallet(node.provider, newOwner.privateKey, band.account)]),
    );
  const offer = (given = providers()) =>
    offerToWallet({
      account,
      calls: sites.flatMap(({ band, policy }) => grantCalls({ account, module: band.module, policy })),
      policies: sites.map(({ policy }) => policy),
      providers: given,
      names: Object.fromEntries(sites.map(({ node }) => [node.id, { tokens: Object.values(node.tokens) }])),
    });

  test('calls, an operation with what is signed, and a permission request, each with words', async () => {
    const offers = await offer();
    expect(offers.map(({ chainId }) => chainId)).toEqual(sites.map(({ node }) => node.id));
    for (const [index, { chainId, description, grant, permission, sendCalls, userOperation }] of offers.entries()) {
      const { band, node, policy } = sites[index]!;
      expect(description).toEqual(expect.arrayContaining([...grant!.sentences]));
      expect(sendCalls(id)).toMatchObject({
        version: '2.0.0',
        chainId: `0x${chainId.toString(16)}`,
        atomicRequired: true,
      });
      expect(permission).toMatchObject({
        to: policy.sessionKey,
        from: account,
        rules: [{ data: { timestamp: policy.expiry } }],
      });

      const options = { kind: bandAccountKind(band.account), entryPoint: V08, gas: { callGasLimit: 400_000n } };
      await expect(userOperation(options)).rejects.toMatchObject({ code: 'ACCOUNT_NOT_DEPLOYED' });
      await node.rpc('anvil_setCode', [account, `0xef0100${band.account.slice(2)}`]);
      await world.fundNative(node.id, account, ETH);
      const { hash, operation, typedData } = await userOperation(options);
      const { domain, message, types } = typedData;
      const signature = (await newOwner.signTypedData(domain, { ...types } as never, message)) as Hex;
      expect(await clientOf(sites[index]!).send({ ...operation, signature }, V08)).toBe(hash);
      expect(await isGranted(sites[index]!, account)).toBe(true);
    }
  });

  test('nothing at all when one of its providers is elsewhere or missing, or the grant is not sound', async () => {
    const given = providers();
    given[sites[1]!.node.id]!.mood = 'elsewhere';
    await expect(offer(given)).rejects.toMatchObject({ code: 'WALLET_WRONG_CHAIN' });
    given[sites[1]!.node.id]!.mood = 'garbage';
    await expect(offer(given)).rejects.toMatchObject({ code: 'WALLET_GARBAGE' });
    const { [sites[1]!.node.id]: _, ...one } = providers();
    await expect(offer(one)).rejects.toMatchObject({ code: 'INVALID_INPUT', field: `providers.${sites[1]!.node.id}` });
    const policies = [samplePolicy({ chainId: sites[0]!.node.id, lossBps: 0 })];
    await expect(offerToWallet({ account, calls: [], policies, providers: providers() })).rejects.toMatchObject({
      code: 'GRANT_MALFORMED',
    });
    await expect(offerToWallet({ account, calls: [], providers: {} })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('no operation when the provider was switched since, or the entry point is of another version', async () => {
    const given = providers();
    const [first] = await offer(given);
    const options = { kind: bandAccountKind(sites[0]!.band.account), entryPoint: V08 };
    given[sites[0]!.node.id]!.mood = 'elsewhere';
    await expect(first!.userOperation(options)).rejects.toMatchObject({ code: 'WALLET_WRONG_CHAIN' });
    given[sites[0]!.node.id]!.mood = 'confirms';
    const elsewhere = entryPoint('0.8', world.accounts.stranger.address);
    await expect(first!.userOperation({ ...options, entryPoint: elsewhere })).rejects.toMatchObject({
      code: 'ENTRY_POINT_MISSING',
    });
    for (const version of ['0.7', '0.9'] as const) {
      const request = first!.userOperation({ ...options, entryPoint: entryPoint(version) });
      await expect(request).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'entryPoint' });
    }
  });
});

async function isGranted({ band, node, policy }: Site, account: Address): Promise<boolean> {
  const usage = new Interface(['function usage(address,bytes32) view returns (uint256)']);
  const data = usage.encodeFunctionData('usage', [account, grantId(policy)]);
  return BigInt(await node.provider.call({ to: band.module, data })) !== 0n;
}
