import { setTimeout as pause } from 'node:timers/promises';
import { Interface, Wallet } from 'ethers';
import type { Account, Address, Call, Chain, Hex, OperationRequest } from '@evenkeel/core';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { accountConformance, type AccountSubject } from '../src/conformance/index.js';
import { eip5792Account, walletCapabilities } from '../src/eip5792/index.js';
import { eip7702Account } from '../src/eip7702/index.js';
import {
  bundlerClient,
  entryPoint,
  erc4337Account,
  paymasterService,
  simple7702Kind,
  simpleAccountKind,
} from '../src/erc4337/index.js';
import { deployBand, type LocalBand } from '@evenkeel/contracts/local';
import { eoaAccount } from '../src/index.js';
import { bandAccountKind } from '../src/session/index.js';
import { safeAccount } from '../src/safe/index.js';
import { holdings, swapCalls } from './support/batch-on-world.js';
import { type LoopbackBundler, startLoopbackBundler } from './support/loopback-bundler.js';
import { type LoopbackPaymaster, startLoopbackPaymaster } from './support/loopback-paymaster.js';
import { newSafe } from './support/new-safe.js';
import { type Market, marketOf } from './support/swap-on-world.js';
import { testWallet } from './support/wallet-provider.js';

jest.setTimeout(120_000);

const USDC = 10_000_000n;
const POLL_MS = 20;
const erc20 = new Interface(['function transfer(address to, uint256 amount)']);
const factoryAbi = new Interface(['function getAddress(address owner, uint256 salt) view returns (address)']);
let world: World;
let local: WorldChain;
let market: Market;
let chain: Chain;
let bundler: LoopbackBundler;
let paymaster: LoopbackPaymaster;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['erc4337', 'safe'] });
  [local] = world.chains as [WorldChain];
  market = marketOf(local);
  chain = jsonRpcChain({ id: market.chainId, name: 'local', url: market.rpcUrl });
  const { entryPointV07, entryPointV08, verifyingPaymasterV07 } = local.parts.erc4337!;
  const { owner, relayer } = world.accounts;
  bundler = await startLoopbackBundler(local.provider, local.id, [entryPointV07, entryPointV08], relayer.privateKey);
  paymaster = await startLoopbackPaymaster(local.provider, verifyingPaymasterV07, owner.privateKey);
});
afterAll(async () => {
  await bundler?.close();
  await paymaster?.close();
  await world?.close();
});

/** Funds the account and makes calls for it that swap, or give away, the same amount of USDC. */
async function subjectOf(account: Account, entryPointAddress?: Address, isFunded = true): Promise<AccountSubject> {
  const self = account.addressOn(chain.id);
  await world.fund(local.tokens.USDC, self, USDC * 100n);
  if (isFunded) await world.fundNative(chain.id, self, 10n ** 18n);
  const [approve, swap] = swapCalls(market, self, USDC);
  const transfer = (atoms: bigint): Call => ({
    chainId: chain.id,
    to: market.usdc.address,
    data: erc20.encodeFunctionData('transfer', [world.accounts.maker.address, atoms]) as Hex,
    valueWei: 0n,
    purpose: 'action',
    description: 'transfer USDC',
  });
  const held = async (of: string): Promise<bigint> =>
    (await holdings(local, market, self, entryPointAddress))[of.toLowerCase()]!;
  return {
    account,
    chain,
    calls: [approve!, swap!],
    single: transfer(USDC),
    reverting: transfer(10n ** 30n),
    effect: async () => Number((USDC * 100n - (await held(market.usdc.address))) / USDC),
    heldWei: () => held(`0x${'00'.repeat(20)}`),
    gasLimit: 400_000n,
  };
}

const urls = (): readonly string[] => [bundler.url];
const network = (version: '0.7' | '0.8') => ({
  chain,
  bundler: bundlerClient({ chainId: chain.id, urls: urls() }),
  entryPoint: entryPoint(version),
});

async function simpleAccount(version: '0.7' | '0.8', signer: Wallet) {
  const contracts = local.parts.erc4337!;
  const address = version === '0.7' ? contracts.simpleAccountFactoryV07 : contracts.simpleAccountFactoryV08;
  const data = factoryAbi.encodeFunctionData('getAddress', [signer.address, 0n]);
  const [self] = factoryAbi.decodeFunctionResult('getAddress', await local.provider.call({ to: address, data }));
  return simpleAccountKind({ entryPoint: version, address: self as Address, factory: { address, salt: 0n } });
}

let deployed: Promise<LocalBand> | undefined;
const band = (): Promise<LocalBand> =>
  (deployed ??= deployBand(local, {
    deployer: world.accounts.deployer.address,
    entryPoint: entryPoint('0.8').address,
    gasToken: local.tokens.USDC.address,
    answer: 1n,
  }));

const newWallet = (): Wallet => new Wallet(Wallet.createRandom().privateKey);
const eoa = (): Promise<AccountSubject> => subjectOf(eoaAccount(newWallet()));

const batching = async (): Promise<AccountSubject> => {
  const delegate = local.parts.erc4337!.simple7702Account;
  return subjectOf(eip7702Account({ signer: newWallet(), delegate, chains: [chain] }));
};

const delegating = async (): Promise<AccountSubject> => {
  const kind = simple7702Kind(local.parts.erc4337!.simple7702Account);
  const account = erc4337Account({ kind, signer: newWallet(), networks: [network('0.8')] });
  return subjectOf(account, entryPoint('0.8').address);
};

describeConformance('an EOA', accountConformance(eoa));

describeConformance('an EOA that batches by EIP-7702', accountConformance(batching));

describeConformance('ERC-4337 0.8, an EOA that delegates', accountConformance(delegating));

describeConformance(
  'ERC-4337 0.8, a contract account that pays for itself',
  accountConformance(async () => {
    const signer = newWallet();
    const kind = await simpleAccount('0.8', signer);
    return subjectOf(erc4337Account({ kind, signer, networks: [network('0.8')] }), entryPoint('0.8').address);
  }),
);

describeConformance(
  'ERC-4337 0.8, the account that grants permissions',
  accountConformance(async () => {
    const { account: delegate } = await band();
    const account = erc4337Account({
      kind: bandAccountKind(delegate),
      signer: newWallet(),
      networks: [network('0.8')],
    });
    return subjectOf(account, entryPoint('0.8').address);
  }),
);

describeConformance(
  'ERC-4337 0.7, a contract account with a paymaster',
  accountConformance(async () => {
    const signer = newWallet();
    const kind = await simpleAccount('0.7', signer);
    const service = paymasterService({ url: paymaster.url });
    const account = erc4337Account({ kind, signer, networks: [{ ...network('0.7'), paymaster: service }] });
    return subjectOf(account, entryPoint('0.7').address, false);
  }),
);

describeConformance(
  'a Safe of two owners',
  accountConformance(async () => {
    const owners = [newWallet(), newWallet()];
    const addresses = owners.map(({ address }) => address);
    const address = await newSafe(world, local, addresses, 2);
    // Not the bundler's key: each counts its own nonces.
    const relayer = new Wallet(world.accounts.trader.privateKey);
    const multiSend = local.parts.safe!.multiSendCallOnly;
    return subjectOf(safeAccount({ address, owners, relayer, chains: [chain], multiSend }));
  }),
);

describeConformance(
  'EIP-5792, a wallet',
  accountConformance(async () => {
    const signer = newWallet();
    const provider = testWallet(local.provider, signer.privateKey, local.parts.erc4337!.simple7702Account);
    const address = signer.address as Address;
    const capabilities = await walletCapabilities(provider, address, chain.id);
    let names = 0;
    const random = { bytes: (length: number) => new Uint8Array(length).fill(++names) };
    return subjectOf(eip5792Account({ address, providers: { [chain.id]: provider }, capabilities, random }));
  }),
);

describe('a bad account does not pass', () => {
  type Bad = (account: Account, subject: AccountSubject) => Partial<Account>;
  const sending = (account: Account, change: Partial<Account['submission']>): Partial<Account> => ({
    submission: { ...account.submission, ...change },
  });
  const first = (request: OperationRequest): OperationRequest => ({ ...request, calls: request.calls.slice(0, 1) });

  const cases: readonly (readonly [string, string, () => Promise<AccountSubject>, Bad])[] = [
    [
      'that says more than it can',
      'account-says-what-it-is',
      eoa,
      () => ({ capabilities: Object.freeze({ batched: false, atomicBatch: true, sponsored: false }) }),
    ],
    ['without a checksum', 'account-says-what-it-is', eoa, ({ owner }) => ({ owner: owner.toLowerCase() as Address })],
    ['that can be changed', 'account-is-frozen', eoa, ({ capabilities }) => ({ capabilities: { ...capabilities } })],
    [
      'with the key in its nonce',
      'used-nonces-fit-the-layout',
      eoa,
      (account) => sending(account, { usedNonces: () => Promise.resolve(1n << 64n) }),
    ],
    [
      'that signs typed data with another key',
      'signs-typed-data-for-its-owner',
      eoa,
      () => ({ signTypedData: (data) => eoaAccount(newWallet()).signTypedData(data) }),
    ],
    [
      'that gives a name of its own',
      'sign-gives-frozen-bytes-with-a-hash',
      eoa,
      (account) => ({ sign: async (request) => Object.freeze({ ...(await account.sign(request)), hash: '0x12' }) }),
    ],
    [
      'that changes its request',
      'sign-leaves-its-request-alone',
      eoa,
      (account) => ({
        sign: (request) => {
          const signed = account.sign(request);
          (request as { nonce: bigint }).nonce += 1n;
          return signed;
        },
      }),
    ],
    [
      'that sends when it signs',
      'sign-sends-nothing',
      eoa,
      (account) => ({
        sign: async (request) => {
          const signed = await account.sign(request);
          await account.submission.send(chain, signed);
          return signed;
        },
      }),
    ],
    ['that is deaf', 'sign-heeds-its-signal', eoa, (account) => ({ sign: (request) => account.sign(request) })],
    [
      'that drops what it cannot batch',
      'sign-refuses-what-it-cannot-batch',
      eoa,
      (account) => ({ sign: (request) => account.sign(first(request)) }),
    ],
    [
      'that throws anything',
      'foreign-bytes-are-refused-with-our-error',
      eoa,
      (account) => sending(account, { send: () => Promise.reject(new TypeError('no')) }),
    ],
    [
      'that invents receipts',
      'a-receipt-of-nothing-is-null',
      eoa,
      (account) => sending(account, { receipt: () => Promise.resolve({} as never) }),
    ],
    [
      'that signs anew whenever it sends',
      'delivered-thrice-happens-once',
      eoa,
      (account, { single, gasLimit }) =>
        sending(account, {
          send: async (on, signed) => {
            await account.submission.send(on, signed);
            // Once it is mined: a nonce that is read before it would be used up by it in the meantime.
            while ((await account.submission.receipt(on, signed.hash)) === null) await pause(POLL_MS);
            const nonce = await account.submission.usedNonces(on, account.owner, 0n);
            const price = { maxFeePerGasWei: 10n ** 11n, maxPriorityFeePerGasWei: 1n };
            const more = { chainId: on.id, calls: [single], nonceKey: 0n, nonce, gasLimit, ...price };
            await account.submission.send(on, await account.sign(more));
          },
        }),
    ],
    [
      'that calls known bytes an error',
      'delivered-thrice-happens-once',
      eoa,
      (account) => {
        const known = new Set<string>();
        return sending(account, {
          send: (on, signed) => {
            if (known.has(signed.raw)) return Promise.reject(new Error('already known'));
            known.add(signed.raw);
            return account.submission.send(on, signed);
          },
        });
      },
    ],
    [
      'that does half of a batch',
      'a-batch-happens-whole',
      batching,
      (account) => ({ sign: (request) => account.sign(first(request)) }),
    ],
    [
      'that goes on after a revert',
      'a-batch-with-a-reverting-call-does-nothing',
      batching,
      (account) => ({ sign: (request) => account.sign(first(request)) }),
    ],
    [
      'that calls every bundle a success',
      'a-batch-with-a-reverting-call-does-nothing',
      batching,
      (account) =>
        sending(account, {
          receipt: async (...args) => {
            const receipt = await account.submission.receipt(...args);
            return receipt && { ...receipt, success: true };
          },
        }),
    ],
    [
      'that does not count',
      'an-operation-uses-one-nonce',
      eoa,
      (account) => {
        const opening = account.submission.usedNonces(chain, account.owner, 0n);
        return sending(account, { usedNonces: () => opening });
      },
    ],
    [
      'that cancels by doing it',
      'no-calls-use-a-nonce-up-and-do-nothing',
      eoa,
      (account, { single }) => ({
        sign: (request) => account.sign({ ...request, calls: request.calls.length === 0 ? [single] : request.calls }),
      }),
    ],
    [
      'that bills the bundle instead of the operation',
      'a-receipt-says-what-it-cost',
      delegating,
      (account) =>
        sending(account, {
          receipt: async (on, ...rest) => {
            const receipt = await account.submission.receipt(on, ...rest);
            return receipt && on.receipt(receipt.txHash);
          },
        }),
    ],
    [
      'that makes blocks up',
      'a-receipt-is-of-a-transaction-on-chain',
      eoa,
      (account) =>
        sending(account, {
          receipt: async (...args) => {
            const receipt = await account.submission.receipt(...args);
            return receipt && { ...receipt, blockNumber: receipt.blockNumber + 1 };
          },
        }),
    ],
  ];

  test.each(cases)('%s: %s', async (_, name, make, bad) => {
    const good = await make();
    const account = Object.freeze({ ...good.account, ...bad(good.account, good) });
    const check = accountConformance(() => ({ ...good, account })).find((each) => each.name === name)!;
    expect(await check.applies()).toBe(true);
    await expect(check.run()).rejects.toMatchObject({ code: 'ACCOUNT_NOT_CONFORMING', field: name });
  });
});
