import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interface, Wallet } from 'ethers';
import { createIntent, type SignedIntent, signIntent } from '@evenkeel/intents';
import type { Address, Chain, Clock, Journal, SolverAdapter, Token } from '@evenkeel/core';
import { swapExactIn } from '@evenkeel/core';
import {
  delegateSlice,
  type DelegateRequest,
  delegateWithFallback,
  DelegationUnprovenError,
  liveDelegations,
  programmeSender,
  resumeDelegations,
  type Sender,
  type Unfilled,
  unfilledOf,
} from '@evenkeel/core/delegate';
import {
  executeProgramme,
  type ExecutionResult,
  memoryJournal,
  planProgramme,
  resumeProgramme,
} from '@evenkeel/core/execution';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { oif } from '@evenkeel/adapters/oif';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import { startWorld, type World, type WorldChain, type WorldSnapshot } from '@evenkeel/devnet';
import {
  deployStandInSettlers,
  type OifContracts,
  type OifLoopbackServer,
  startOifLoopbackServer,
} from '../../adapters/test/oif-loopback-server.js';
import { balanceOf, chainsOf, never } from '../../adapters/test/support/bridge-world.js';
import { eoaAccount } from '../src/eoa/eoa-account.js';

// An order is given to a network on real chains, and the network does what networks do. Whatever it does, the intent is
// executed once: by the network, by our own route, or by both in part.

jest.setTimeout(120_000);

const INPUT = 2_000n * 10n ** 6n;
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-delegate-'));

let world: World;
let home: WorldChain;
let away: WorldChain;
let chains: Readonly<Record<number, Chain>>;
let contracts: Readonly<Record<number, OifContracts>>;
let server: OifLoopbackServer;
let fresh: WorldSnapshot;
let trader: Wallet;
let clock: Clock;
let round = 0;

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  [home, away] = world.chains as [WorldChain, WorldChain];
  chains = chainsOf(world);
  trader = new Wallet(world.accounts.trader.privateKey, home.provider);
  contracts = await deployStandInSettlers(world);
  await world.fund(home.tokens.USDC, trader.address as Address, 5n * INPUT);
  await world.fund(away.tokens.WETH, world.accounts.maker.address, 10n ** 20n);
  server = await startOifLoopbackServer(world, contracts, (_, __, atoms) => (atoms * 10n ** 12n) / 2_000n);
  fresh = await world.snapshot();
});

beforeEach(async () => {
  await world.revert(fresh);
  round += 1;
  server.behave('nothing');
  let nowMs = (await world.clockSeconds()) * 1_000;
  // Waiting is what makes blocks: every look is a block later on each chain.
  clock = {
    now: () => nowMs,
    sleep: async () => {
      await world.advance(2);
      nowMs = (await world.clockSeconds()) * 1_000;
    },
  };
});

afterAll(async () => {
  await server?.close();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

function solverOf(): SolverAdapter {
  const config = (id: number): { inputSettler: Address; outputSettler: Address } => contracts[id]!;
  return oif({
    apiUrl: server.apiUrl,
    clock,
    chains: Object.fromEntries(
      world.chains.map(({ id }) => [
        id,
        {
          chain: chains[id]!,
          ...config(id),
          inputOracle: config(id).inputSettler,
          outputOracle: config(id).outputSettler,
          finalAfterBlocks: 2,
        },
      ]),
    ),
  });
}

function venue(): ReturnType<typeof uniswapV3> {
  const { uniswapV3Factory: factory, uniswapV3TickLens: tickLens, uniswapV3SwapRouter02: router } = home.contracts;
  return uniswapV3({ chains: { [home.id]: { chain: chains[home.id]!, factory, tickLens, router } } });
}

async function intent(): Promise<SignedIntent> {
  const nowSeconds = Math.floor(clock.now() / 1000);
  const own = trader.address as Address;
  const limit = (token: Token, maxSpend: bigint) => ({
    chainId: token.chainId,
    token: token.address,
    maxSpend,
    recipient: own,
  });
  return signIntent(
    createIntent(
      {
        underlying: 'ETH',
        deltaChangeUnits: '1',
        postTradeDelta: { low: '-1', high: '1' },
        exposureHash: `0x${'11'.repeat(32)}`,
        spending: [limit(home.tokens.USDC, INPUT), limit(away.tokens.WETH, 1n)],
        maxCostBps: 100,
        referencePrice: { source: 'test', price: '2000' },
        adapters: ['oif', 'uniswap-v3'],
        schedule: { kind: 'single' },
        partialFill: 'allowed',
        deadline: nowSeconds + 3_600,
        signer: own,
      },
      { nowSeconds, random: { bytes: (length) => new Uint8Array(length).fill(round) } },
    ),
    trader,
  );
}

interface Case {
  readonly signedIntent: SignedIntent;
  readonly solver: SolverAdapter;
  request(change?: Partial<DelegateRequest>): DelegateRequest;
  ownRoute(unfilled: Unfilled, begun: boolean): Promise<ExecutionResult>;
}

async function given(journal: Journal): Promise<Case> {
  const signedIntent = await intent();
  const solver = solverOf();
  const account = eoaAccount(trader);
  const recipient = trader.address as Address;
  const nowSeconds = Math.floor(clock.now() / 1000);
  const bid = (await solver.bid(
    {
      intent: signedIntent.intent,
      index: 0,
      side: 'buy',
      input: { token: home.tokens.USDC, atoms: INPUT },
      tokenOut: away.tokens.WETH,
      minOutput: 9n * 10n ** 17n,
      recipient,
      deadline: nowSeconds + 600,
      liveChildren: [],
      spent: [],
    },
    never,
  ))!;
  const tokens = world.chains.flatMap((chain) => Object.values(chain.tokens) as Token[]);
  const execution = { chains: Object.values(chains), tokens, clock, options: { pollMs: 1 } };
  const request = (change: Partial<DelegateRequest> = {}): DelegateRequest => {
    const journaled = { ...execution, journal: change.journal ?? journal };
    return {
      slice: 0,
      side: 'buy',
      bid,
      signedIntent,
      account,
      solvers: [solver],
      send: programmeSender({ signedIntent, account, solvers: [solver], execution: journaled }),
      journal,
      clock,
      patience: { fallbackAt: nowSeconds + 20, pollMs: 1, looks: 200 },
      signal: never,
      ...change,
    };
  };
  return {
    signedIntent,
    solver,
    request,
    ownRoute: async ({ input }, begun) => {
      const parts = { ...execution, journal, accounts: [account], adapters: [venue()] };
      if (begun) return resumeProgramme({ ...parts, intentId: signedIntent.id, slice: 0 });
      const pools = await venue().liquidity({
        chainId: home.id,
        tokens: tokens.filter(({ chainId }) => chainId === home.id),
        signal: never,
      });
      const pool = pools.find(({ tokens: [a, b] }) => [a.symbol, b.symbol].sort().join() === 'USDC,WETH')!;
      const side = pool.tokens[0].symbol === 'USDC' ? 0 : 1;
      const { amountOut } = swapExactIn(pool.curve, side, input.atoms);
      const hop = {
        kind: 'swap',
        chainId: home.id,
        adapter: 'uniswap-v3',
        poolId: pool.id,
        pool,
        tokenIn: home.tokens.USDC,
        tokenOut: home.tokens.WETH,
        amountIn: input.atoms,
        amountOut,
        minReceived: (amountOut * 99n) / 100n,
        gasUnits: 0n,
        costs: {} as never,
      } as const;
      const programme = planProgramme({
        intentId: signedIntent.id,
        slice: 0,
        route: { hops: [hop] },
        inventories: [input],
        firmQuotes: [],
        account,
        venues: [venue()],
        bridges: [],
        deadline: signedIntent.intent.deadline,
      });
      return executeProgramme({ ...parts, signedIntent, programme });
    },
  };
}

const usdcLeft = (): Promise<bigint> => balanceOf(home, home.tokens.USDC, trader.address as Address);
const wethAt = (chain: WorldChain): Promise<bigint> => balanceOf(chain, chain.tokens.WETH, trader.address as Address);

async function allowanceOfPermit2(): Promise<bigint> {
  const erc20 = new Interface(['function allowance(address, address) view returns (uint256)']);
  const data = erc20.encodeFunctionData('allowance', [trader.address, home.contracts.permit2]);
  return BigInt((await home.rpc('eth_call', [{ to: home.tokens.USDC.address, data }, 'latest'])) as string);
}

test('the filler never fills: the nonce is invalidated, and our own route does it once', async () => {
  const journal = memoryJournal();
  const { ownRoute, request, signedIntent } = await given(journal);
  const [usdc, weth] = [await usdcLeft(), await wethAt(home)];
  const { delegation, own } = await delegateWithFallback(request(), ownRoute);
  expect(delegation).toMatchObject({ endingReason: 'PATIENCE_OVER', proof: { reason: 'nonce-invalidated' } });
  expect(own?.state).toBe('completed');
  expect(usdc - (await usdcLeft())).toBe(INPUT);
  expect((await wethAt(home)) - weth).toBeGreaterThan(6n * 10n ** 17n);
  // What the network has of us is worth nothing any more, and nothing is left approved.
  await expect(server.work(delegation.order.id, 'claim')).rejects.toThrow();
  expect(await allowanceOfPermit2()).toBe(0n);
  // Asked again, as after a crash: the same answer, and nothing is done.
  const again = await delegateWithFallback(request(), ownRoute);
  expect(again.delegation).toEqual(delegation);
  expect(again.own?.state).toBe('completed');
  expect(usdc - (await usdcLeft())).toBe(INPUT);
  const spent = (await journal.flows({ intentId: signedIntent.id })).filter(
    ({ token }) => token === home.tokens.USDC.address,
  );
  expect(spent.reduce((sum, { atoms }) => sum + atoms, 0n)).toBe(-INPUT);
});

test('the filler fills just before the cancellation lands: nothing goes elsewhere', async () => {
  const journal = memoryJournal();
  const { ownRoute, request, signedIntent } = await given(journal);
  const [usdc, weth] = [await usdcLeft(), await wethAt(away)];
  const base = request();
  const send: Sender = async (delegation, purpose, calls, signal) => {
    if (purpose === 'cancel') await server.work(delegation.order.id, 'claim');
    return base.send(delegation, purpose, calls, signal);
  };
  const own = jest.fn(ownRoute);
  const { delegation } = await delegateWithFallback({ ...base, send }, own);
  expect(delegation).toMatchObject({ endingReason: 'PATIENCE_OVER', proof: { reason: 'filled' } });
  expect(own).not.toHaveBeenCalled();
  expect(usdc - (await usdcLeft())).toBe(INPUT);
  expect((await wethAt(away)) - weth).toBe(delegation.proof?.received.atoms);
  const flows = await journal.flows({ intentId: signedIntent.id });
  expect(flows.filter(({ kind }) => kind === 'swap').map(({ chainId }) => chainId)).toEqual([home.id, away.id]);
});

test('the process is killed in between: the order is found in the journal on disk, and followed to its end', async () => {
  const path = join(folder, 'journal.db');
  const first = await sqliteJournal({ path });
  const { ownRoute, request } = await given(memoryJournal());
  const patience = { looks: 2, pollMs: 1 };
  await expect(delegateSlice(request({ journal: first, patience }))).rejects.toThrow(DelegationUnprovenError);
  await first.close();

  const second = await sqliteJournal({ path });
  const [live] = await liveDelegations(second);
  expect(live?.state).toBe('submitting');
  server.behave('claim');
  const [end] = await resumeDelegations(request({ journal: second }));
  expect(unfilledOf(end!).input.atoms).toBe(0n);
  expect(await liveDelegations(second)).toEqual([]);
  expect(ownRoute).toBeDefined();
  await second.close();
});
