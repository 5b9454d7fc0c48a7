import { Contract, Wallet } from 'ethers';
import { type Account, type Address, type Chain, NATIVE_ADDRESS, sameAddress, type Submission } from '@evenkeel/core';
import { executeProgramme, type ExecuteRequest, memoryJournal } from '@evenkeel/core/execution';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import {
  bundlerClient,
  decodeOperation,
  entryPoint,
  erc4337Account,
  type Erc4337Network,
  type Erc4337Options,
  packUserOperation,
  simple7702Kind,
  simpleAccountKind,
} from '../src/erc4337/index.js';
import { entryPointAbi } from '../src/erc4337/entry-point.js';
import { allowanceLeft, batchRequest, holdings, reconcile, swapCalls } from './support/batch-on-world.js';
import { type LoopbackBundler, type Mood, startLoopbackBundler } from './support/loopback-bundler.js';
import { type Market, marketOf } from './support/swap-on-world.js';

// The deployed entry point, Simple7702Account and Uniswap V2; the bundler is ours, and really calls handleOps.

jest.setTimeout(120_000);

const USDC = 250_000_000n;
let world: World;
let local: WorldChain;
let market: Market;
let chain: Chain;
let wallet: Wallet;
let delegate: Address;
let bundler: LoopbackBundler;
let second: LoopbackBundler;
let account: Account;

const start = (): Promise<LoopbackBundler> =>
  startLoopbackBundler(
    local.provider,
    local.id,
    [entryPoint('0.7').address, entryPoint('0.8').address],
    world.accounts.relayer.privateKey,
  );

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['erc4337'] });
  [local] = world.chains as [WorldChain];
  market = marketOf(local);
  chain = jsonRpcChain({ id: market.chainId, name: 'local', url: market.rpcUrl });
  wallet = new Wallet(world.accounts.trader.privateKey);
  delegate = local.parts.erc4337!.simple7702Account;
  bundler = await start();
  second = await startLoopbackBundler(
    local.provider,
    local.id,
    [entryPoint('0.8').address],
    world.accounts.stranger.privateKey,
  );
  account = accountWith();
});
afterAll(async () => {
  await bundler?.close();
  await second?.close();
  await world?.close();
});
afterEach(() => {
  bundler.mood = 'honest';
  second.mood = 'honest';
});

function accountWith(
  options: Partial<Erc4337Options> = {},
  network: Partial<Erc4337Network> = {},
  urls: readonly string[] = [bundler.url],
): Account {
  return erc4337Account({
    kind: simple7702Kind(delegate),
    signer: wallet,
    networks: [
      {
        chain,
        bundler: bundlerClient({ chainId: chain.id, urls, timeoutMs: 400 }),
        entryPoint: entryPoint('0.8'),
        ...network,
      },
    ],
    ...options,
  });
}

const requestFor = (given: Account, parts = 1, extra: Partial<ExecuteRequest> = {}): Promise<ExecuteRequest> =>
  batchRequest({ world, market, chain, account: given, wallet, usdcAtoms: USDC, parts }, extra);

const held = (): Promise<Readonly<Record<string, bigint>>> =>
  holdings(local, market, wallet.address as Address, entryPoint('0.8').address);

/** How many operations of the account the entry point has seen. */
async function operationsOnChain(): Promise<number> {
  const contract = new Contract(entryPoint('0.8').address, entryPointAbi, local.provider);
  const found = await contract.queryFilter(contract.filters.UserOperationEvent!(null, wallet.address));
  return found.length;
}

async function requestOf(given: Account, calls = swapCalls(market, wallet.address as Address, USDC)) {
  const { baseFeeWei, priorityFeeWei } = await chain.fees();
  return {
    chainId: chain.id,
    calls,
    nonceKey: 0n,
    nonce: await given.submission.usedNonces(chain, given.addressOn(chain.id), 0n),
    gasLimit: 400_000n,
    maxFeePerGasWei: 2n * baseFeeWei + priorityFeeWei,
    maxPriorityFeePerGasWei: priorityFeeWei,
  };
}

test('the first operation delegates, approves and swaps in one; nothing is left approved, every atom is told', async () => {
  const before = await held();
  expect(await chain.code(account.owner)).toBe('0x');
  const result = await executeProgramme(await requestFor(account));
  expect(result.steps.map(({ code }) => code)).toEqual(['STEP_FILLED']);
  expect(await chain.code(account.owner)).toBe(`0xef0100${delegate.slice(2).toLowerCase()}`);
  reconcile(before, result.flows, await held());
  expect(await allowanceLeft(local, market, account.owner)).toBe(0n);
  // What the simulation promised is what came.
  const promised = result.guard[0]!.steps[0]!.changes.find(({ token }) => token.symbol === 'WETH')!.atoms;
  const came = result.net.find(({ token }) => token.toLowerCase() === market.weth.address.toLowerCase());
  expect(came?.atoms).toBe(promised);
});

describe('a process that dies', () => {
  const death = new Error('killed');
  const alive = (): never => {
    throw death;
  };
  const dyingAfter = (what: 'sign' | 'store' | 'send', request: ExecuteRequest): ExecuteRequest => {
    let isDead = false;
    const once = async <T>(own: Promise<T> | undefined): Promise<T> => {
      const value = await own;
      if (isDead) return value as T;
      isDead = true;
      return alive();
    };
    const { journal } = request;
    const submission: Submission = {
      ...account.submission,
      send: (...args) => (what === 'send' ? once(account.submission.send(...args)) : account.submission.send(...args)),
    };
    return {
      ...request,
      accounts: [
        {
          ...account,
          submission,
          sign: (...args) => (what === 'sign' ? once(account.sign(...args)) : account.sign(...args)),
        },
      ],
      journal: {
        ...journal,
        persistOperation: (operation) =>
          what === 'store' ? once(journal.persistOperation(operation)) : journal.persistOperation(operation),
      },
    };
  };

  test.each(['sign', 'store', 'send'] as const)(
    'right after %s: the next one goes on, and each operation lands once',
    async (what) => {
      const [before, operations] = [await held(), await operationsOnChain()];
      const request = await requestFor(account, 2);
      await expect(executeProgramme(dyingAfter(what, request))).rejects.toBe(death);
      const result = await executeProgramme(request);
      expect(result.state).toBe('completed');
      expect((await operationsOnChain()) - operations).toBe(2);
      const after = await held();
      reconcile(before, await request.journal.flows(), after);
      const usdc = market.usdc.address.toLowerCase();
      expect(before[usdc]! - after[usdc]!).toBe(2n * USDC + 1n);
    },
  );

  test('with the bundler, after it has accepted: the same bytes are sent to the next, and land once', async () => {
    const operations = await operationsOnChain();
    const two = accountWith({}, {}, [bundler.url, second.url]);
    const request = await requestFor(two);
    bundler.mood = 'forgets';
    const running = executeProgramme({
      ...request,
      onEvent: ({ type }) => {
        if (type === 'step-sent') bundler.mood = 'hangs';
      },
    });
    expect((await running).state).toBe('completed');
    expect((await operationsOnChain()) - operations).toBe(1);
  });
});

test('what a bundler holds back is replaced at a higher price, and one of both lands', async () => {
  const operations = await operationsOnChain();
  bundler.mood = 'holds';
  let sent = 0;
  const request = await requestFor(account, 1, {
    options: { pollMs: 20, replaceAfterMs: 300, rebroadcastMs: 5_000 },
    onEvent: ({ type }) => {
      if (type === 'step-replaced') sent += 1;
      // The first that it got is bundled, not the last.
      if (type === 'step-sent' && sent === 1) void bundler.release().catch(() => undefined);
    },
  });
  const result = await executeProgramme(request);
  expect([result.state, sent]).toEqual(['completed', 1]);
  expect((await operationsOnChain()) - operations).toBe(1);
});

test.each<readonly [Mood, string]>([
  ['hangs', 'RELAY_TIMEOUT'],
  ['garbage', 'RELAY_GARBAGE'],
  ['rejects', 'OPERATION_INVALID'],
  ['greedy', 'OPERATION_GAS_ABSURD'],
  ['other-chain', 'RELAY_WRONG_CHAIN'],
])('a bundler that %s is %s; nothing is sent, and the run can be resumed', async (mood, code) => {
  const operations = await operationsOnChain();
  const fresh = accountWith();
  const request = await requestFor(fresh);
  bundler.mood = mood;
  await expect(executeProgramme(request)).rejects.toMatchObject({ code });
  expect(await operationsOnChain()).toBe(operations);
  bundler.mood = 'honest';
  expect((await executeProgramme({ ...request, accounts: [accountWith()] })).state).toBe('completed');
  expect((await operationsOnChain()) - operations).toBe(1);
});

test.each<Mood>(['hangs', 'garbage', 'rejects', 'renames', 'other-chain'])(
  'a first bundler that %s is passed over for the second',
  async (mood) => {
    const two = accountWith({}, {}, [bundler.url, second.url]);
    const signed = await two.sign(await requestOf(two, []));
    bundler.mood = mood;
    await two.submission.send(chain, signed);
    expect(await two.submission.receipt(chain, signed.hash)).toMatchObject({ success: true });
  },
);

test.each<Mood>(['lies', 'denies', 'hangs', 'garbage', 'rejects'])(
  'of an inclusion the chain is believed, not a bundler that %s',
  async (mood) => {
    const fresh = accountWith();
    // So that there is another operation's transaction to lie with.
    await fresh.submission.send(chain, await fresh.sign(await requestOf(fresh, [])));
    const never = await fresh.sign(await requestOf(fresh, []));
    bundler.mood = mood;
    expect(await fresh.submission.receipt(chain, never.hash)).toBeNull();
    bundler.mood = 'honest';
    await fresh.submission.send(chain, never);
    bundler.mood = mood;
    expect(await fresh.submission.receipt(chain, never.hash)).toMatchObject({
      success: true,
      txHash: bundler.bundles.at(-1),
    });
  },
);

test('what the bundler knows already counts as delivered', async () => {
  const signed = await account.sign(await requestOf(account, []));
  bundler.mood = 'holds';
  await account.submission.send(chain, signed);
  await account.submission.send(chain, signed);
  expect(await account.submission.receipt(chain, signed.hash)).toBeNull();
  await bundler.release();
  expect(await account.submission.receipt(chain, signed.hash)).toMatchObject({ success: true });
});

test('bytes that are in the chain already are taken as delivered, also by a bundler that has forgotten them', async () => {
  const fresh = accountWith({}, {}, [second.url]);
  const signed = await fresh.sign(await requestOf(fresh, []));
  await fresh.submission.send(chain, signed);
  await fresh.submission.send(chain, signed);
  const operations = await operationsOnChain();
  await accountWith().submission.send(chain, signed);
  expect(await operationsOnChain()).toBe(operations);
  // Another operation with that nonce is refused for what it is.
  const other = await fresh.sign(await requestOf(fresh, []));
  const stale = await signWithNonce(fresh, (await requestOf(fresh, [])).nonce - 1n);
  expect(other.hash).not.toBe(signed.hash);
  expect(stale).toMatchObject({ code: 'OPERATION_NONCE_USED' });
});

async function signWithNonce(given: Account, nonce: bigint): Promise<unknown> {
  return given.sign({ ...(await requestOf(given, [])), nonce }).catch((error: unknown) => error);
}

describe('refused before anything is sent', () => {
  const poor = new Wallet(`0x${'7a'.repeat(32)}`);

  test('calls that revert', async () => {
    const [approve, swap] = swapCalls(market, wallet.address as Address, 10n ** 18n);
    const request = await requestOf(account, [approve!, swap!]);
    await expect(account.sign(request)).rejects.toMatchObject({ code: 'OPERATION_REVERTS' });
    // Also when the bundler has no objection.
    const gas = { callGasLimit: 300_000n, preVerificationGas: 50_000n, verificationGasLimit: 600_000n };
    const urls = [bundler.url];
    const careless = { ...bundlerClient({ chainId: chain.id, urls }), estimate: () => Promise.resolve(gas) };
    await expect(accountWith({}, { bundler: careless }).sign(request)).rejects.toMatchObject({
      code: 'OPERATION_REVERTS',
      message: expect.stringContaining('error 0x') as string,
    });
  });

  test('an account that cannot pay', async () => {
    const broke = accountWith({ signer: poor });
    await expect(broke.sign(await requestOf(broke, []))).rejects.toMatchObject({ code: 'OPERATION_UNFUNDED' });
  });

  test('an account that delegates to another contract, or cannot authorize', async () => {
    const other = new Wallet(`0x${'7b'.repeat(32)}`);
    await local.rpc('anvil_setCode', [other.address, `0xef0100${market.router.slice(2)}`]);
    const foreign = accountWith({ signer: other });
    await expect(foreign.sign(await requestOf(foreign, []))).rejects.toMatchObject({
      code: 'ACCOUNT_DELEGATE_FOREIGN',
    });
    const { address } = poor;
    const mute = accountWith({ signer: { address, signTypedData: (...args) => poor.signTypedData(...args) } });
    await expect(mute.sign(await requestOf(mute, []))).rejects.toMatchObject({ code: 'ACCOUNT_NOT_DELEGATED' });
  });

  test('an account that is not deployed', async () => {
    const kind = simpleAccountKind({ entryPoint: '0.8', address: poor.address as Address });
    const missing = accountWith({ kind });
    await expect(missing.sign(await requestOf(missing, []))).rejects.toMatchObject({ code: 'ACCOUNT_NOT_DEPLOYED' });
  });

  test('an entry point that is not there, or that the account or the bundler does not obey', async () => {
    const nowhere = accountWith({}, { entryPoint: entryPoint('0.8', poor.address) });
    const request = { ...(await requestOf(account, [])) };
    await expect(nowhere.sign(request)).rejects.toMatchObject({ code: 'ENTRY_POINT_MISSING' });
    await expect(nowhere.submission.usedNonces(chain, nowhere.owner, 0n)).rejects.toMatchObject({
      code: 'ENTRY_POINT_MISSING',
    });
    const old = accountWith({}, { entryPoint: entryPoint('0.8', entryPoint('0.7').address) });
    await expect(old.sign(request)).rejects.toMatchObject({ code: 'ACCOUNT_ENTRY_POINT_MISMATCH' });
    expect(() => accountWith({}, { entryPoint: entryPoint('0.7') })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'networks.0.entryPoint' }),
    );
    const { address: owner } = poor;
    const factory = { address: local.parts.erc4337!.simpleAccountFactoryV07, salt: 0n };
    const kind = simpleAccountKind({ entryPoint: '0.7', address: owner as Address, factory });
    const unserved = accountWith({ kind }, { entryPoint: entryPoint('0.7') }, [second.url]);
    await expect(unserved.sign(request)).rejects.toMatchObject({ code: 'RELAY_ENTRY_POINT_UNSUPPORTED' });
  });

  test('a signer that signs something else, or with another key', async () => {
    const liar = accountWith({
      signer: {
        address: wallet.address,
        signTypedData: (domain, types, value) => wallet.signTypedData(domain, types, { ...value, nonce: 99n }),
      },
    });
    await expect(liar.sign(await requestOf(liar, []))).rejects.toMatchObject({ code: 'SIGNER_ALTERED' });
  });

  test('bytes of another chain, with another hash, or that are no operation', async () => {
    const signed = await account.sign(await requestOf(account, []));
    const send = (change: object): Promise<void> => account.submission.send(chain, { ...signed, ...change });
    await expect(send({ hash: `0x${'00'.repeat(32)}` })).rejects.toMatchObject({ code: 'OPERATION_MALFORMED' });
    await expect(send({ raw: '0x1234' })).rejects.toMatchObject({ code: 'OPERATION_MALFORMED' });
    await expect(account.sign({ ...(await requestOf(account, [])), chainId: 5 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'chainId',
    });
    expect(() => accountWith({}, { bundler: bundlerClient({ chainId: 5, urls: [bundler.url] }) })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'networks.0.bundler' }),
    );
    expect(() => bundlerClient({ chainId: 5, urls: [] })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});

test('of a bundle with a stranger’s operation, only what is ours is told, and what it cost', async () => {
  const other = new Wallet(`0x${'7c'.repeat(32)}`);
  await world.fund(local.tokens.USDC, other.address as Address, USDC);
  await world.fundNative(local.id, other.address as Address, 10n ** 18n);
  const second = accountWith({ signer: other });
  // Delegated beforehand: a bundle by hand carries no authorization.
  await second.submission.send(chain, await second.sign(await requestOf(second, [])));
  const [approve] = swapCalls(market, wallet.address as Address, USDC);
  const accounts = [account, second];
  const opening = await Promise.all([account, second].map(({ owner }) => heldBy(owner)));
  const requests = await Promise.all(accounts.map((each) => requestOf(each, [approve!])));
  const [first, foreign] = await Promise.all([account.sign(requests[0]!), second.sign(requests[1]!)]);
  const entry = new Contract(
    entryPoint('0.8').address,
    entryPointAbi,
    new Wallet(world.accounts.maker.privateKey, local.provider),
  );
  const ops = [foreign, first].map(({ raw }) => packUserOperation(decodeOperation(raw).operation));
  const sent = (await entry.handleOps!(ops, world.accounts.maker.address)) as {
    hash: string;
    wait(): Promise<unknown>;
  };
  await sent.wait();
  const receipts = await Promise.all([first, foreign].map(({ hash }) => account.submission.receipt(chain, hash)));
  expect(receipts.map((receipt) => receipt?.txHash)).toEqual([sent.hash, sent.hash]);
  const usdcLogs = receipts.map((receipt) =>
    receipt!.logs.filter(({ address }) => sameAddress(address, market.usdc.address)),
  );
  for (const [index, { owner }] of [account, second].entries()) {
    expect(usdcLogs[index]!.map(({ topics }) => sameAddress(`0x${topics[1]!.slice(26)}`, owner))).toEqual([true]);
    const { effectiveGasPriceWei, gasUsed, operation } = receipts[index]!;
    expect(opening[index]! - (await heldBy(owner))).toBe(gasUsed * effectiveGasPriceWei);
    expect(operation).toBe([first, foreign][index]!.hash);
  }
});

async function heldBy(owner: Address): Promise<bigint> {
  return (await holdings(local, market, owner, entryPoint('0.8').address))[NATIVE_ADDRESS]!;
}

test('a nonce that somebody else has used ends the step, and nothing is sent in its place', async () => {
  bundler.mood = 'holds';
  const thief = accountWith({}, {}, [second.url]);
  const request = await requestFor(account, 1, {
    journal: memoryJournal(),
    options: { pollMs: 20, lostAfterMs: 200 },
    onEvent: ({ type }) => {
      if (type !== 'step-sent') return;
      void (async () => thief.submission.send(chain, await thief.sign(await requestOf(thief, []))))();
    },
  });
  const result = await executeProgramme(request);
  expect(result.steps.map(({ code }) => code)).toEqual(['NONCE_TAKEN']);
});
