import { Interface, Wallet } from 'ethers';
import { createIntent, type SignedIntent, signIntent } from '@evenkeel/intents';
import type { Address, Clock, HedgeHop, Lane, Pool, Quote, Token, VenueAdapter } from '@evenkeel/core';
import { swapExactIn } from '@evenkeel/core';
import { executeProgramme, memoryJournal } from '@evenkeel/core/execution';
import { across, scheduledAcrossFees } from '@evenkeel/adapters/across';
import { bundledProgramme, universalRouter, type UniversalRouterAdapter } from '@evenkeel/adapters/universal-router';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { balanceOf, chainsOf, never } from '../../adapters/test/support/bridge-world.js';
import { venuesOf } from '../../adapters/test/uniswap/bench.js';
import { eoaAccount } from '../src/eoa/eoa-account.js';

// A route of three swaps and a transfer, executed by a plain key: one transaction on the chain where it begins, one on the
// chain where it goes on when the transfer has arrived.

jest.setTimeout(120_000);

const E6 = 10n ** 6n;
const MAX = (1n << 256n) - 1n;
const erc20 = new Interface(['function approve(address, uint256)']);

let world: World;
let home: WorldChain;
let away: WorldChain;
let trader: Wallet;
let router: UniversalRouterAdapter;
const clock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 20))),
};

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  [home, away] = world.chains as [WorldChain, WorldChain];
  trader = new Wallet(world.accounts.trader.privateKey);
  await world.startActors({ only: ['acrossRelayer'] });
  for (const chain of world.chains) {
    await world.fund(chain.tokens.USDC, trader.address as Address, 10_000n * E6);
    for (const token of [chain.tokens.USDC, chain.tokens.WETH]) {
      const data = erc20.encodeFunctionData('approve', [chain.contracts.permit2, MAX]);
      const sent = await trader.connect(chain.provider).sendTransaction({ to: token.address, data });
      await chain.provider.waitForTransaction(sent.hash);
    }
  }
  router = routerOf();
});

afterAll(() => world?.close());

function routerOf(): UniversalRouterAdapter {
  const chains = chainsOf(world);
  const spokes = Object.fromEntries(
    world.chains.map(({ contracts, id }) => [id, { chain: chains[id]!, spokePool: contracts.acrossSpokePool }]),
  );
  const lanes: Lane[] = [{ from: home.tokens.USDC, to: away.tokens.USDC }];
  const schedule = {
    capitalPpm: 300,
    liquidityProviderPpm: 100,
    gasAtoms: 20_000n,
    minDepositAtoms: 1n,
    expectedFillSeconds: 2,
  };
  const fees = scheduledAcrossFees({
    chains: spokes,
    relayer: world.accounts.relayer.address,
    schedule: () => schedule,
  });
  return universalRouter({
    chains: Object.fromEntries(
      world.chains.map(({ contracts, id }) => [
        id,
        {
          chain: chains[id]!,
          universalRouter: contracts.universalRouter,
          permit2: contracts.permit2,
          universalRouterVersion: '2.0' as const,
        },
      ]),
    ),
    across: across({ chains: spokes, lanes, fees, clock }),
  });
}

async function swapHop(chain: WorldChain, venue: VenueAdapter, tokenIn: Token, amountIn: bigint): Promise<HedgeHop> {
  const tokens = [chain.tokens.USDC, chain.tokens.WETH] as Token[];
  const [pool] = (await venue.liquidity!({ chainId: chain.id, tokens, signal: never })) as [Pool];
  const side = pool.tokens[0].address === tokenIn.address ? 0 : 1;
  const { amountOut } = swapExactIn(pool.curve, side, amountIn);
  const minReceived = (amountOut * 99n) / 100n;
  const costs = {} as never;
  const ends = {
    tokenIn,
    tokenOut: pool.tokens[side === 0 ? 1 : 0],
    amountIn,
    amountOut,
    minReceived,
    gasUnits: 0n,
    costs,
  };
  return { kind: 'swap', chainId: chain.id, adapter: venue.id, poolId: pool.id, pool, ...ends };
}

function transferHop(quote: Quote): HedgeHop {
  const { input, minReceived, output } = quote;
  const bridge = { adapter: 'universal-router', from: input.token, to: output.token } as never;
  const ends = {
    tokenIn: input.token,
    tokenOut: output.token,
    amountIn: input.atoms,
    amountOut: output.atoms,
    minReceived,
  };
  const rest = { bridgeId: 'lane', bridge, timeSeconds: 2, gasUnits: 0n, costs: {} as never };
  const chains = { chainId: input.token.chainId, toChainId: output.token.chainId };
  return { kind: 'bridge', adapter: 'universal-router', ...chains, ...ends, ...rest };
}

async function signed(): Promise<SignedIntent> {
  const nowSeconds = Math.floor(clock.now() / 1000);
  const own = trader.address as Address;
  const intent = createIntent(
    {
      underlying: 'ETH',
      deltaChangeUnits: '1',
      postTradeDelta: { low: '-2', high: '2' },
      exposureHash: `0x${'11'.repeat(32)}`,
      spending: world.chains.map(({ id, tokens }) => {
        return { chainId: id, token: tokens.USDC.address, maxSpend: 4_000n * E6, recipient: own };
      }),
      maxCostBps: 100,
      referencePrice: { source: 'test', price: '3000' },
      adapters: ['universal-router'],
      schedule: { kind: 'single' },
      partialFill: 'allowed',
      deadline: nowSeconds + 3_600,
      signer: own,
    },
    { nowSeconds, random: { bytes: (length) => new Uint8Array(length).fill(7) } },
  );
  return signIntent(intent, trader);
}

test('one transaction a chain, tracked over the transfer, with nothing left approved or behind', async () => {
  const own = trader.address as Address;
  const signedIntent = await signed();
  const { deadline } = signedIntent.intent;
  const chains = Object.values(chainsOf(world));
  const here = venuesOf(home, chains[0]!);
  const there = venuesOf(away, chains[1]!);
  const quote = await router.quote(
    {
      input: { token: home.tokens.USDC, atoms: 1_000n * E6 },
      tokenOut: away.tokens.USDC,
      sender: own,
      recipient: own,
      slippageBps: 50,
      deadline,
    },
    never,
  );
  const hops = [
    await swapHop(home, here.v3, home.tokens.USDC, 900n * E6),
    await swapHop(home, here.v4, home.tokens.USDC, 700n * E6),
    transferHop(quote),
    await swapHop(away, there.v2, away.tokens.USDC, quote.minReceived),
  ];
  const held = await balanceOf(home, home.tokens.USDC, own);
  const wethBefore = [await wethOn(home), await wethOn(away)];
  const account = eoaAccount(trader);
  const inventories = [{ token: home.tokens.USDC, atoms: held }];
  const programme = await bundledProgramme({
    intentId: signedIntent.id,
    slice: 0,
    route: { hops },
    inventories,
    firmQuotes: [quote],
    account,
    router,
    allowance: 'standing',
    deadline,
    signal: never,
  });
  expect(programme.steps.map(({ id, kind }) => [id, kind])).toEqual([
    [`chain-${home.id}-now`, 'calls'],
    ['hop-2-arrival', 'await-transfer'],
    [`chain-${away.id}-later`, 'calls'],
  ]);
  const nonces = await Promise.all(chains.map((chain) => chain.transactionCount(own, 'latest')));
  const result = await executeProgramme({
    signedIntent,
    programme,
    accounts: [account],
    chains,
    adapters: [router],
    tokens: world.chains.flatMap(({ tokens }) => Object.values(tokens) as Token[]),
    journal: memoryJournal(),
    clock,
    options: { pollMs: 20, transferPollMs: 20 },
  });
  expect(result).toMatchObject({ state: 'completed' });
  const after = await Promise.all(chains.map((chain) => chain.transactionCount(own, 'latest')));
  expect(after.map((count, index) => count - nonces[index]!)).toEqual([1, 1]);
  expect(held - (await balanceOf(home, home.tokens.USDC, own))).toBe(2_600n * E6);
  const [first, second, , last] = hops;
  expect((await wethOn(home)) - wethBefore[0]!).toBe(first!.amountOut + second!.amountOut);
  expect((await wethOn(away)) - wethBefore[1]!).toBe(last!.amountOut);
  for (const { contracts, tokens, ...chain } of world.chains) {
    for (const token of Object.values(tokens)) {
      expect(await balanceOf({ contracts, tokens, ...chain }, token as Token, contracts.universalRouter)).toBe(0n);
    }
  }
});

test('a route with a hop that the router does not know is not bundled', async () => {
  const hop = await swapHop(home, venuesOf(home, Object.values(chainsOf(world))[0]!).v3, home.tokens.USDC, E6);
  const foreign = { ...hop, pool: { ...(hop as { pool: Pool }).pool, adapter: 'curve' } } as HedgeHop;
  const { id: intentId, intent } = await signed();
  const request = {
    intentId,
    slice: 0,
    inventories: [{ token: home.tokens.USDC, atoms: E6 }],
    firmQuotes: [],
    account: eoaAccount(trader),
    router,
    allowance: 'standing',
    deadline: intent.deadline,
    signal: never,
  } as const;
  await expect(bundledProgramme({ ...request, route: { hops: [foreign] } })).rejects.toMatchObject({
    code: 'ROUTER_HOP_UNSUPPORTED',
  });
  const unquoted = transferHop({
    input: { token: home.tokens.USDC, atoms: E6 },
    output: { token: away.tokens.USDC, atoms: E6 },
    minReceived: 1n,
  } as Quote);
  await expect(bundledProgramme({ ...request, route: { hops: [unquoted] } })).rejects.toMatchObject({
    code: 'ROUTER_BUNDLE_INVALID',
  });
});

function wethOn(chain: WorldChain): Promise<bigint> {
  return balanceOf(chain, chain.tokens.WETH, trader.address as Address);
}
