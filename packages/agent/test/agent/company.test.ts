import { setTimeout as sleep } from 'node:timers/promises';
import { filledAmountCall, type SettledTrade, settledTrades } from '@evenkeel/adapters/gpv2';
import type { Hex, LogEntry } from '@evenkeel/core';
import { delegationsOf, liveDelegations } from '@evenkeel/core/delegate';
import { Interface, JsonRpcProvider, MaxUint256, toBeHex, Transaction, type Wallet } from 'ethers';
import { parseAgentConfig } from '../../src/agent/config/parse-agent.js';
import { findLeftBehind } from '../../src/agent/keeping/left-behind.js';
import type { AgentEvent } from '../../src/agent/events.js';
import { balanceOf, openStage, type Stage } from '../support.js';
import { agentFile, close, closeAll, type Opened, open, removeFolders, settle } from './support.js';

// Portfolios of one agent wait for one another when that pays, are cleared together, and settled by the real GPv2Settlement.

jest.setTimeout(90_000);
let stage: Stage;
const wallets: Wallet[] = [];
beforeAll(async () => {
  stage = await openStage({ chains: 1 });
  for (const [name, weth, usdc] of [
    ['seller', '8', '0'],
    ['buyer', '0', '30000'],
    ['other', '0', '15000'],
  ] as const) {
    wallets.push(await settle(stage, name, weth, usdc));
  }
}, 120_000);
let start: Awaited<ReturnType<Stage['world']['snapshot']>> | undefined;
beforeEach(async () => {
  if (start !== undefined) await stage.world.revert(start);
  start = await stage.world.snapshot();
});
afterEach(closeAll);
afterAll(async () => {
  await stage?.close();
  removeFolders();
});

const home = () => stage.world.chains[0]!;
const KEY = 'BATCH_KEY';

function file(mode: 'live' | 'dry-run', more: object = {}, own: object = {}): Record<string, unknown> {
  const { cowSettlement: settlement, cowVaultRelayer: vaultRelayer } = home().contracts;
  const [seller, buyer] = wallets;
  const batch = {
    maxWaitSeconds: 20,
    settleSeconds: 60,
    proofSeconds: 0,
    solverKeyEnv: KEY,
    chains: [{ chainId: home().id, settlement, vaultRelayer }],
    ...more,
  };
  const portfolios = [
    { name: 'seller', owner: seller!.address, policy: { targetDeltaUnits: '2' }, ...own },
    { name: 'buyer', owner: buyer!.address, policy: { targetDeltaUnits: '5' } },
  ];
  const agent = { mode, shutdownSeconds: 20, watch: { kind: 'interval', everySeconds: 0.2 } };
  return agentFile(stage, portfolios, { agent, batch });
}
const openWith = (content: Record<string, unknown>, options: Parameters<typeof open>[2] = {}): Promise<Opened> =>
  open(stage, content, { wallets, env: { [KEY]: stage.world.accounts.solver.privateKey }, ...options });

const codesOf = (events: readonly AgentEvent[], portfolio: string): readonly string[] =>
  events.filter((event) => event.portfolio === portfolio).map(({ code }) => code);
const mine = (blocks: number) => home().rpc('anvil_mine', [`0x${blocks.toString(16)}`]);

/** With a third portfolio. @param generous these owners have allowed the settlement contract to take all that they have */
async function fileOfThree(generous: readonly Wallet[]): Promise<Record<string, unknown>> {
  const { contracts, tokens } = home();
  const [seller, , other] = wallets;
  for (const wallet of generous) {
    const token = wallet === seller ? tokens.WETH : tokens.USDC;
    await sendAs(wallet, allowData(contracts.cowVaultRelayer, MaxUint256), token.address);
  }
  const content = file('live');
  const third = { name: 'other', owner: other!.address, policy: { targetDeltaUnits: '2' } };
  return { ...content, portfolios: [...(content['portfolios'] as object[]), third] };
}

async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

interface PooledTransaction extends Record<
  'gas' | 'hash' | 'input' | 'maxFeePerGas' | 'maxPriorityFeePerGas' | 'nonce' | 'to',
  string
> {
  readonly r: string;
  readonly s: string;
  readonly yParity: string;
}

/** The settlement that waits to be mined. */
async function pooledSettlement(): Promise<PooledTransaction | undefined> {
  const { pending } = (await home().rpc('txpool_content', [])) as {
    pending: Record<string, Record<string, PooledTransaction>>;
  };
  return Object.values(pending)
    .flatMap((own) => Object.values(own))
    .find(({ to }) => to?.toLowerCase() === home().contracts.cowSettlement.toLowerCase());
}

/** As it was signed. */
function rawOf({
  gas,
  input,
  maxFeePerGas,
  maxPriorityFeePerGas,
  nonce,
  r,
  s,
  to,
  yParity,
}: PooledTransaction): string {
  return Transaction.from({
    type: 2,
    chainId: home().id,
    nonce: Number(nonce),
    to,
    data: input,
    gasLimit: gas,
    maxFeePerGas,
    maxPriorityFeePerGas,
    signature: { r: toBeHex(r, 32), s: toBeHex(s, 32), yParity: yParity === '0x1' ? 1 : 0 },
  }).serialized;
}

/** What a settlement has done, by the contract's own words. */
async function tradesOf(txHash: string): Promise<readonly (SettledTrade & { readonly quotePerBase: number })[]> {
  const receipt = (await home().rpc('eth_getTransactionReceipt', [txHash])) as { readonly logs: readonly LogEntry[] };
  const { contracts, id, tokens } = home();
  return settledTrades({ chainId: id, settlement: contracts.cowSettlement }, receipt.logs).map((trade) => {
    const [quote, base] =
      trade.sellToken.toLowerCase() === tokens.USDC.address.toLowerCase()
        ? [trade.sellAtoms - trade.feeAtoms, trade.buyAtoms]
        : [trade.buyAtoms, trade.sellAtoms - trade.feeAtoms];
    return { ...trade, quotePerBase: Number(quote) / Number(base) };
  });
}

const erc20 = new Interface([
  'function approve(address spender, uint256 atoms)',
  'function transfer(address to, uint256 atoms)',
]);
const allowData = (spender: string, atoms: bigint): string => erc20.encodeFunctionData('approve', [spender, atoms]);

/** By the owner's own key, beside its agent. */
async function sendAs(wallet: Wallet, data: string, to: string, maxPriorityFeePerGas = 10n ** 9n): Promise<string> {
  const provider = new JsonRpcProvider(home().rpcUrl, home().id, { staticNetwork: true });
  try {
    const fees = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas };
    const { hash } = await wallet.connect(provider).sendTransaction({ to, data, gasLimit: 100_000, ...fees });
    return hash;
  } finally {
    provider.destroy();
  }
}

/** One round, and what it has begun, to its end; blocks come meanwhile, so that what happens becomes final. */
async function roundToEnd({ agent, events }: Opened): Promise<void> {
  await agent.round(new AbortController().signal);
  while (agent.worker.running() > 0) {
    await sleep(30);
    if (events.some(({ code }) => code === 'BATCH_SETTLED')) await mine(20);
  }
}

test('two that need the opposite cross, and each is told why it waited, with whom it crossed and what it saves', async () => {
  const opened = await openWith(file('live'));
  const { agent, events } = opened;
  const before = await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)));
  await roundToEnd(opened);
  for (const [name, other] of [
    ['seller', 'buyer'],
    ['buyer', 'seller'],
  ] as const) {
    const cleared = events.find(({ code, portfolio }) => code === 'BATCH_CLEARED' && portfolio === name)!;
    expect(cleared.details).toMatchObject({ crosses: [other], chainId: home().id });
    expect(cleared.details!['saving']).toBeGreaterThan(0);
    expect(cleared.sentence).toContain(other);
    const report = events.find(({ kind, portfolio }) => kind === 'report' && portfolio === name)!;
    expect(report).toMatchObject({ code: 'HEDGED', details: { unexplainedAtoms: 0n } });
    expect(codesOf(events, name)).toContain('BATCH_SETTLED');
  }
  const settled = events.filter(({ code }) => code === 'BATCH_SETTLED');
  expect(new Set(settled.map(({ details }) => details!['txHash'])).size).toBe(1);
  // One of them came first, and its log has why it waited.
  const decisions = await agent.journal.decisions({ code: 'BATCH_WAITS' });
  expect(decisions).toHaveLength(1);
  expect(decisions[0]!.details).toMatchObject({ because: 'COMPANY_PAYS' });
  expect(await agent.journal.decisions({ code: 'BATCH_CLEARED' })).toHaveLength(2);
  const after = await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)));
  expect(Number(after[0]! - before[0]!) / 1e18).toBeCloseTo(-6.5, 0);
  expect(Number(after[1]! - before[1]!) / 1e18).toBeCloseTo(4.5, 0);
  expect(await liveDelegations(agent.journal)).toEqual([]);
});

test('a dry run waits and clears the same way, and nothing is signed', async () => {
  const opened = await openWith(file('dry-run'), { env: {} });
  await roundToEnd(opened);
  expect(codesOf(opened.events, 'seller')).toContain('BATCH_CLEARED');
  const [cleared] = await opened.agent.journal.decisions({ code: 'BATCH_CLEARED' });
  expect(cleared).toMatchObject({ simulated: true });
  expect(await opened.agent.journal.decisions({ code: 'DELEGATION_GIVEN' })).toEqual([]);
  // A changed file is taken over: without batch nobody waits any more.
  const { batch: _, ...alone } = file('dry-run');
  expect(opened.agent.keeper('seller')!.ports.networks!.ids).toEqual(['batch']);
  opened.agent.apply(parseAgentConfig(alone));
  expect(opened.agent.keeper('seller')!.ports.networks).toBeUndefined();
});

test('whoever has no company is told so and trades alone', async () => {
  const opened = await openWith(file('live', {}, { batch: 'off' }));
  await roundToEnd(opened);
  expect(codesOf(opened.events, 'buyer')).toContain('BATCH_NO_COMPANY');
  expect(codesOf(opened.events, 'seller').some((code) => code.startsWith('BATCH_'))).toBe(false);
  expect(opened.events.filter(({ code }) => code === 'HEDGED')).toHaveLength(2);
});

test('without the key nothing is opened, and a dry run needs none', async () => {
  await expect(openWith(file('live'), { env: {} })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: 'batch.solverKeyEnv',
  });
});

/** A process that comes after one that is gone: takes up what was left, to its end. */
async function takenUp(folder: string): Promise<Opened> {
  const next = await openWith(file('live'), { folder });
  const live = await liveDelegations(next.agent.journal);
  expect(live).toHaveLength(2);
  await findLeftBehind(next.agent.journal, next.agent.keepers());
  // Whatever was given is over, and that is final.
  const last = Math.max(...live.map(({ order }) => order.child.order.fillDeadline));
  await stage.world.advance(Math.max(0, last - (await stage.world.clockSeconds())) + 5);
  await mine(70);
  await roundToEnd(next);
  for (const name of ['seller', 'buyer']) expect(codesOf(next.events, name)).toContain('RESUMED');
  expect(await liveDelegations(next.agent.journal)).toEqual([]);
  return next;
}

/** How often each intent has exchanged something. */
async function exchanges({ agent: { journal } }: Opened): Promise<readonly number[]> {
  const trades = await journal.decisions({ code: 'TRADE_OPENED' });
  const flows = await Promise.all(trades.map(({ intentId }) => journal.flows({ intentId: intentId! })));
  return flows.map((own) => own.filter(({ kind, atoms }) => kind === 'swap' && atoms < 0n).length);
}

test('killed between clearing and settlement: the orders end by themselves, and each trade is done once', async () => {
  // The batch is never settled: whoever would do it is not allowed to.
  const first = await openWith(file('live', { settleSeconds: 30 }), {
    env: { [KEY]: stage.world.accounts.trader.privateKey },
  });
  void first.agent.round(new AbortController().signal);
  await first.told('BATCH_FAILED');
  await close(first.agent);
  await takenUp(first.folder);
  const [seller, buyer] = await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)));
  // Half a coin for gas counts towards the targets of 2 and 5.
  expect(Number(seller) / 1e18).toBeCloseTo(1.5, 0);
  expect(Number(buyer) / 1e18).toBeCloseTo(4.5, 0);
});

test('killed once the settlement is out: what the chain has done counts, and nothing is done again', async () => {
  const first = await openWith(file('live'));
  void first.agent.round(new AbortController().signal);
  await first.told('BATCH_SETTLED');
  await close(first.agent);
  const held = await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)));
  const second = await takenUp(first.folder);
  expect(codesOf(second.events, 'seller')).not.toContain('BATCH_CLEARED');
  expect(await exchanges(second)).toEqual([1, 1]);
  expect(await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)))).toEqual(held);
});

describe.each([
  ['takes its allowance back', () => allowData(home().contracts.cowVaultRelayer, 0n)],
  ['spends its money elsewhere', () => erc20.encodeFunctionData('transfer', [wallets[0]!.address, 14_000_000_000n])],
])('an owner who %s after all have signed', (_, spoil) => {
  test('is taken out and named, the others are cleared and played again, and settle at a price of their own', async () => {
    const opened = await openWith(await fileOfThree([wallets[2]!]));
    const { agent, events } = opened;
    // Nothing is mined until it has happened: whoever needs an approval signs after it.
    await home().rpc('evm_setAutomine', [false]);
    const round = agent.round(new AbortController().signal);
    await waitFor(() => events.filter(({ code }) => code === 'BATCH_CLEARED').length === 3);
    await sendAs(wallets[2]!, spoil(), home().tokens.USDC.address);
    await mine(1);
    await home().rpc('evm_setAutomine', [true]);
    await round;
    const settled = await opened.told('BATCH_SETTLED');
    expect(settled.details).toMatchObject({ orders: 2, removed: [expect.stringMatching(/^other: /)] });
    const blamed = await agent.journal.decisions({ code: 'BATCH_REMOVED' });
    expect(blamed).toHaveLength(1);
    expect(codesOf(events, 'other')).toContain('BATCH_REMOVED');

    const trades = await tradesOf(settled.details!['txHash'] as string);
    const prices = trades.map(({ quotePerBase }) => quotePerBase);
    expect(trades.map(({ owner }) => owner).sort()).toEqual([wallets[0]!.address, wallets[1]!.address].sort());
    expect(Math.abs(prices[0]! / prices[1]! - 1)).toBeLessThan(1e-9);
    const [cleared] = await agent.journal.decisions({ code: 'BATCH_CLEARED' });
    const first = cleared!.details!['price'] as { quoteAtoms: string; baseAtoms: string };
    expect(Math.abs(prices[0]! / (Number(first.quoteAtoms) / Number(first.baseAtoms)) - 1)).toBeGreaterThan(1e-7);

    // What was signed for the first price is used up, or dead once it is past its end: none of it can be settled once more.
    const validTo = Math.max(
      ...(await liveDelegations(agent.journal)).map(({ order }) => order.child.order.fillDeadline),
    );
    await stage.world.advance(Math.max(0, validTo - (await stage.world.clockSeconds())) + 5);
    await mine(70);
    await roundToEnd(opened);
    const delegations = await Promise.all(
      (await agent.journal.decisions({ code: 'TRADE_OPENED' })).map(({ intentId }) =>
        delegationsOf(agent.journal, intentId as Hex),
      ),
    );
    const orders = delegations.flat();
    expect(orders.map(({ state }) => state)).toEqual(['ended', 'ended', 'ended']);
    expect(orders.map(({ proof }) => proof!.drawn.atoms > 0n).sort()).toEqual([false, true, true]);
    for (const { order } of orders) {
      const { data, to } = filledAmountCall(
        { chainId: home().id, settlement: home().contracts.cowSettlement },
        order.id as Hex,
      );
      const filled = BigInt((await home().rpc('eth_call', [{ to, data }, 'latest'])) as string);
      const { proof } = orders.find((each) => each.order.id === order.id)!;
      expect(filled > 0n).toBe(proof!.drawn.atoms > 0n);
      if (filled === 0n) expect(order.child.order.fillDeadline).toBeLessThan(await stage.world.clockSeconds());
    }
    expect(await exchanges(opened)).toEqual(expect.arrayContaining([1, 1]));
  });
});

test('an owner who revokes while the settlement is on its way: it moves nothing, and the others are settled by the next', async () => {
  const opened = await openWith(await fileOfThree(wallets));
  await home().rpc('evm_setAutomine', [false]);
  const round = opened.agent.round(new AbortController().signal);
  let settlement: PooledTransaction | undefined;
  while ((settlement = await pooledSettlement()) === undefined) await sleep(10);
  // Blocks are filled in the order of arrival here: the settlement is taken out and comes again behind the revocation.
  await home().rpc('anvil_dropTransaction', [settlement.hash]);
  await sendAs(wallets[2]!, allowData(home().contracts.cowVaultRelayer, 0n), home().tokens.USDC.address);
  expect(await home().rpc('eth_sendRawTransaction', [rawOf(settlement)])).toBe(settlement.hash);
  await mine(1);
  await home().rpc('evm_setAutomine', [true]);
  expect(await home().rpc('eth_getTransactionReceipt', [settlement.hash])).toMatchObject({ status: '0x0' });
  await round;
  const settled = await opened.told('BATCH_SETTLED');
  expect(settled.details).toMatchObject({ orders: 2, removed: [expect.stringMatching(/^other: /)] });
  const trades = await tradesOf(settled.details!['txHash'] as string);
  expect(trades.map(({ owner }) => owner).sort()).toEqual([wallets[0]!.address, wallets[1]!.address].sort());
});
