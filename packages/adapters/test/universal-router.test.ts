import type { Address, Call, Chain, Hex, Lane, Pool, Quote, Token, TokenAmount } from '@evenkeel/core';
import { swapExactIn } from '@evenkeel/core';
import { across, scheduledAcrossFees } from '@evenkeel/adapters/across';
import {
  planBundle,
  replayBundle,
  type RouterBundle,
  RouterBundleInvalidError,
  type RouterHop,
  RouterHopUnsupportedError,
  RouterPermitMismatchError,
  type RouterSwap,
  universalRouter,
  type UniversalRouterAdapter,
} from '@evenkeel/adapters/universal-router';
import { startWorld, type World, type WorldChain, type WorldSnapshot } from '@evenkeel/devnet';
import { Interface, Wallet } from 'ethers';
import { chainsOf, clock, never, transferOf } from './support/bridge-world.js';
import { dice, type Dice, venuesOf } from './uniswap/bench.js';
import { FeeOnTransferTokenError } from '../src/uniswap/fill.js';
import { permit2Abi, universalRouterAbi } from '../src/universal-router/abi.js';

jest.setTimeout(120_000);

const E6 = 10n ** 6n;
const E18 = 10n ** 18n;
const MAX = (1n << 256n) - 1n;
const erc20 = new Interface([
  'function approve(address, uint256)',
  'function transfer(address, uint256)',
  'function balanceOf(address) view returns (uint256)',
]);

let world: World;
let home: WorldChain;
let away: WorldChain;
let chain: Chain;
let trader: Wallet;
let recipient: Address;
let router: UniversalRouterAdapter;
let fresh: WorldSnapshot;
let weth: Token;
let usdc: Token;
let usdt: Token;

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  [home, away] = world.chains as [WorldChain, WorldChain];
  const chains = chainsOf(world);
  chain = chains[home.id]!;
  trader = new Wallet(world.accounts.trader.privateKey, home.provider);
  recipient = world.accounts.owner.address;
  ({ WETH: weth, USDC: usdc, USDT: usdt } = home.tokens as Record<'WETH' | 'USDC' | 'USDT', Token>);
  for (const token of [weth, usdc, usdt]) {
    await world.fund(token, trader.address as Address, 10n ** BigInt(token.decimals + 6));
    // Once in a wallet's life: from then on one transaction does all.
    await send({ to: token.address, data: erc20.encodeFunctionData('approve', [home.contracts.permit2, MAX]) as Hex });
  }
  router = universalRouter({
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
    across: acrossOf(chains),
  });
  fresh = await world.snapshot();
});

beforeEach(() => world.revert(fresh));
afterAll(() => world?.close());

function acrossOf(chains: Readonly<Record<number, Chain>>): ReturnType<typeof across> {
  const byId = Object.fromEntries(
    world.chains.map(({ contracts, id, tokens }) => [
      id,
      {
        chain: chains[id]!,
        spokePool: contracts.acrossSpokePool,
        multicallHandler: contracts.acrossMulticallHandler,
        wrappedNative: tokens.WETH.address,
      },
    ]),
  );
  const lanes: Lane[] = (['USDC', 'WETH'] as const).map((symbol) => ({
    from: home.tokens[symbol],
    to: away.tokens[symbol],
  }));
  const schedule = {
    capitalPpm: 300,
    liquidityProviderPpm: 100,
    gasAtoms: 20_000n,
    minDepositAtoms: 1_000_000n,
    expectedFillSeconds: 2,
  };
  const fees = scheduledAcrossFees({ chains: byId, relayer: world.accounts.relayer.address, schedule: () => schedule });
  return across({ chains: byId, lanes, fees, clock });
}

interface Sent {
  readonly hash: Hex;
  readonly success: boolean;
  readonly gasUsed: bigint;
}

/** Mined, whether it reverts or not. */
async function send(call: Pick<Call, 'to' | 'data'> & { readonly valueWei?: bigint }, from = trader): Promise<Sent> {
  const { data, to, valueWei = 0n } = call;
  const sent = await from.sendTransaction({ to, data, value: valueWei, gasLimit: 3_000_000n });
  const receipt = await home.provider.waitForTransaction(sent.hash);
  return { hash: sent.hash as Hex, success: receipt!.status === 1, gasUsed: receipt!.gasUsed };
}

async function balance(token: Token, owner: string, on: WorldChain = home): Promise<bigint> {
  const data = erc20.encodeFunctionData('balanceOf', [owner]);
  return BigInt((await on.rpc('eth_call', [{ to: token.address, data }, 'latest'])) as string);
}

async function inPermit2(token: Token): Promise<{ amount: bigint; expiration: bigint; nonce: bigint }> {
  const { permit2, universalRouter: spender } = home.contracts;
  const data = permit2Abi.encodeFunctionData('allowance', [trader.address, token.address, spender]);
  const answer = (await home.rpc('eth_call', [{ to: permit2, data }, 'latest'])) as string;
  const [amount, expiration, nonce] = permit2Abi.decodeFunctionResult('allowance', answer) as unknown as bigint[];
  return { amount: amount!, expiration: expiration!, nonce: nonce! };
}

async function poolsOf(adapter: 'uniswap-v2' | 'uniswap-v3' | 'uniswap-v4'): Promise<readonly Pool[]> {
  const venues = venuesOf(home, chain);
  const venue = { 'uniswap-v2': venues.v2, 'uniswap-v3': venues.v3, 'uniswap-v4': venues.v4 }[adapter];
  return venue.liquidity({ chainId: home.id, tokens: [weth, usdc, usdt], signal: never });
}

async function poolOf(adapter: Parameters<typeof poolsOf>[0], a: Token, b: Token): Promise<Pool> {
  const found = (await poolsOf(adapter)).find(({ tokens }) =>
    [a, b].every((each) => tokens.some((token) => token.address === each.address)),
  );
  if (found === undefined) throw new Error(`${adapter} has no pool of ${a.symbol} and ${b.symbol}`);
  return found;
}

function swapOf(pool: Pool, tokenIn: Token, amountIn: bigint, minReceived?: bigint): RouterSwap {
  const side = pool.tokens[0].address === tokenIn.address ? 0 : 1;
  const tokenOut = pool.tokens[side === 0 ? 1 : 0];
  const out = minReceived ?? swapExactIn(pool.curve, side, amountIn).amountOut;
  return { kind: 'swap', pool, tokenIn, tokenOut, amountIn, minReceived: out };
}

async function bundleOf(hops: readonly RouterHop[], change: Partial<RouterBundle> = {}): Promise<RouterBundle> {
  return {
    chainId: home.id,
    sender: trader.address as Address,
    recipient,
    deadline: (await world.clockSeconds()) + 600,
    hops,
    ...change,
  };
}

/** Signed, as one call. */
async function signed(bundle: RouterBundle, nonces?: ReadonlyMap<string, number>): Promise<Call> {
  const toSign = router.permitOf(bundle, nonces ?? (await router.nonces(bundle, never)))!;
  const { domain, message, types } = toSign.typedData;
  const mutable = Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]));
  const signature = (await trader.signTypedData(domain, mutable, message)) as Hex;
  const calls = router.buildBundle(bundle, { signed: { permit: toSign.permit, signature }, allowance: 'standing' });
  expect(calls).toHaveLength(1);
  return calls[0]!;
}

async function holdings(owner: string): Promise<readonly bigint[]> {
  return Promise.all([weth, usdc, usdt].map((token) => balance(token, owner)));
}

const atomsOf = (amounts: readonly TokenAmount[], token: Token): bigint =>
  amounts.find((each) => each.token.address === token.address)?.atoms ?? 0n;

/** Sends the bundle and holds the chain against the replay, token by token. */
async function executeAndCompare(bundle: RouterBundle): Promise<Sent> {
  const replay = replayBundle(bundle);
  const before = [await holdings(trader.address), await holdings(recipient)] as const;
  const sent = await send(await signed(bundle));
  expect(sent.success).toBe(true);
  const after = [await holdings(trader.address), await holdings(recipient)] as const;
  for (const [index, token] of [weth, usdc, usdt].entries()) {
    expect(before[0][index]! - after[0][index]!).toBe(atomsOf(replay.drawn, token));
    expect(after[1][index]! - before[1][index]!).toBe(atomsOf(replay.received, token));
    expect(await balance(token, home.contracts.universalRouter)).toBe(0n);
  }
  return sent;
}

/** A chain of swaps from one token, split over pools, that ends anywhere. */
function randomHops(pools: readonly Pool[], random: Dice): readonly RouterSwap[] {
  const hops: RouterSwap[] = [];
  let token = random.pick([weth, usdc, usdt]);
  let atoms = random.amount(token === weth ? 5n * E18 : 20_000n * E6) + 1_000_000n;
  const curves = new Map(pools.map((pool) => [pool, pool.curve]));
  for (let left = random.integer(2, 4); left > 0; left -= 1) {
    const pool = random.pick(pools.filter((each) => each.tokens.some(({ address }) => address === token.address)));
    const side = pool.tokens[0].address === token.address ? 0 : 1;
    const { after, amountInUsed, amountOut } = swapExactIn(curves.get(pool)!, side, atoms);
    if (amountInUsed !== atoms || amountOut < 1_000n) break;
    curves.set(pool, after);
    const tokenOut = pool.tokens[side === 0 ? 1 : 0];
    // A minimum below what comes: the surplus has to end at the recipient.
    hops.push({ kind: 'swap', pool, tokenIn: token, tokenOut, amountIn: atoms, minReceived: (amountOut * 99n) / 100n });
    token = tokenOut;
    // Sometimes more than is certain to come, so that the sender adds to it; sometimes less.
    atoms = (amountOut * BigInt(random.pick([50, 99, 103]))) / 100n;
  }
  return hops;
}

describe('bundles on the real router', () => {
  test('random bundles over V2, V3 and V4 draw and deliver what the replay says, to the atom', async () => {
    const random = dice(8);
    let swaps = 0;
    for (let round = 0; round < 16; round += 1) {
      const pools = [
        ...(await poolsOf('uniswap-v2')),
        ...(await poolsOf('uniswap-v3')),
        ...(await poolsOf('uniswap-v4')),
      ].filter(({ tokens }) => tokens.every(({ symbol }) => ['WETH', 'USDC', 'USDT'].includes(symbol)));
      const hops = randomHops(pools, random);
      if (hops.length === 0) continue;
      await executeAndCompare(await bundleOf(hops));
      swaps += hops.length;
    }
    expect(swaps).toBeGreaterThan(20);
  });

  test('two tokens are drawn by one batch permit, and nothing stays approved', async () => {
    const v3 = await poolOf('uniswap-v3', weth, usdc);
    const v2 = await poolOf('uniswap-v2', weth, usdc);
    const bundle = await bundleOf([swapOf(v3, usdc, 500n * E6), swapOf(v2, weth, E18, 1n)]);
    const plan = planBundle(bundle);
    // The second hop takes the WETH that the first one brings, and draws what is missing.
    expect(plan.draws.map(({ token }) => token.symbol)).toEqual(['USDC', 'WETH']);
    await executeAndCompare(bundle);
    for (const { token } of plan.draws) {
      const { amount, nonce } = await inPermit2(token);
      expect([amount, nonce]).toEqual([0n, 1n]);
    }
  });

  test('a later bundle draws again with the next nonce', async () => {
    const pool = await poolOf('uniswap-v3', weth, usdc);
    await executeAndCompare(await bundleOf([swapOf(pool, usdc, 100n * E6, 1n)]));
    await executeAndCompare(await bundleOf([swapOf(await poolOf('uniswap-v3', weth, usdc), usdc, 100n * E6, 1n)]));
    expect((await inPermit2(usdc)).nonce).toBe(2n);
  });

  test('leftovers of a stranger do not stay, and do no harm', async () => {
    const [v3, v2] = [await poolOf('uniswap-v3', weth, usdc), await poolOf('uniswap-v2', weth, usdc)];
    const left = 7n * E18;
    await send({
      to: weth.address,
      data: erc20.encodeFunctionData('transfer', [home.contracts.universalRouter, left]) as Hex,
    });
    const first = swapOf(v3, usdc, 500n * E6);
    const bundle = await bundleOf([first, swapOf(v2, weth, first.minReceived, 1n)]);
    const before = await balance(weth, recipient);
    expect((await send(await signed(bundle))).success).toBe(true);
    expect((await balance(weth, recipient)) - before).toBe(left);
    expect(await balance(weth, home.contracts.universalRouter)).toBe(0n);
  });
});

describe('with a deposit into Across', () => {
  async function depositQuote(atoms: bigint): Promise<Quote> {
    return router.quote(
      {
        input: { token: weth, atoms },
        tokenOut: away.tokens.WETH,
        sender: trader.address as Address,
        recipient: trader.address as Address,
        slippageBps: 50,
        deadline: (await world.clockSeconds()) + 7_200,
      },
      never,
    );
  }

  test('permit, V4 swap and deposit in one transaction; tracked to the fill; surplus to the recipient', async () => {
    const actors = await world.startActors({ only: ['acrossRelayer'] });
    const pool = await poolOf('uniswap-v4', weth, usdc);
    const swap = swapOf(pool, usdc, 2_000n * E6);
    const quote = await depositQuote((swap.minReceived * 99n) / 100n);
    const bundle = await bundleOf([
      { ...swap, minReceived: (swap.minReceived * 995n) / 1000n },
      { kind: 'deposit', quote },
    ]);
    const sent = await executeAndCompare(bundle);
    let status = await router.track(transferOf(quote, sent.hash), never);
    for (let look = 0; look < 100 && status.state !== 'filled'; look += 1) {
      await clock.sleep(50);
      status = await router.track(transferOf(quote, sent.hash), never);
    }
    expect(status).toMatchObject({ state: 'filled', received: { atoms: quote.output.atoms } });
    await actors.stop();
  });

  test('what it costs in gas beside the same done step by step', async () => {
    const pool = await poolOf('uniswap-v4', weth, usdc);
    const swap = swapOf(pool, usdc, 2_000n * E6);
    const quote = await depositQuote((swap.minReceived * 99n) / 100n);
    const bundle = await bundleOf([swap, { kind: 'deposit', quote }]);
    const point = await world.snapshot();
    const together = await send(await signed(bundle));
    await world.revert(point);
    const { v4 } = venuesOf(home, chain);
    const parties = { sender: bundle.sender, recipient: bundle.sender, deadline: bundle.deadline };
    const plain = acrossOf(chainsOf(world)).build({
      kind: 'quote',
      quote: { ...quote, adapter: 'across' },
      ...parties,
    });
    let apart = 0n;
    let transactions = 0;
    for (const call of [...v4.build({ ...swap, ...parties }), ...plain]) {
      const each = await send(call);
      expect(each.success).toBe(true);
      apart += each.gasUsed;
      transactions += 1;
    }
    expect(together.success).toBe(true);
    console.log(
      `permit + V4 swap + Across deposit: ${together.gasUsed} gas in 1 transaction, ${apart} gas in ${transactions} ` +
        `(${((1 - Number(together.gasUsed) / Number(apart)) * 100).toFixed(1)} % less)`,
    );
    expect(together.gasUsed).toBeLessThan(apart);
  });

  test('as a plain bridge it needs no signature', async () => {
    const quote = await depositQuote(E18);
    const own = trader.address as Address;
    const calls = router.build({
      kind: 'quote',
      quote,
      sender: own,
      recipient: own,
      deadline: (await world.clockSeconds()) + 600,
    });
    for (const call of calls) expect((await send(call)).success).toBe(true);
    expect((await inPermit2(weth)).amount).toBe(0n);
  });
});

describe('whatever goes wrong, nothing is half done', () => {
  async function simple(): Promise<RouterBundle> {
    const [v3, v2] = [await poolOf('uniswap-v3', weth, usdc), await poolOf('uniswap-v2', weth, usdc)];
    const first = swapOf(v3, usdc, 500n * E6);
    return bundleOf([first, swapOf(v2, weth, first.minReceived)]);
  }

  async function expectNothingDone(act: () => Promise<Sent>): Promise<void> {
    const before = [await holdings(trader.address), await holdings(recipient), await inPermit2(usdc)];
    expect((await act()).success).toBe(false);
    expect([await holdings(trader.address), await holdings(recipient), await inPermit2(usdc)]).toEqual(before);
  }

  test('the last hop misses its minimum', async () => {
    const bundle = await simple();
    const [first, second] = bundle.hops as [RouterSwap, RouterSwap];
    const greedy = { ...bundle, hops: [first, { ...second, minReceived: second.minReceived + 1n }] };
    expect(() => replayBundle(greedy)).toThrow(RouterBundleInvalidError);
    await expectNothingDone(async () => send(await signed(greedy)));
  });

  test('the deadline has passed', async () => {
    const bundle = await simple();
    const call = await signed(bundle);
    await world.advance(601);
    await expectNothingDone(() => send(call));
  });

  test('the permit alone has expired', async () => {
    const bundle = await simple();
    const call = await signed(bundle);
    // The same bytes with a later deadline of the router's: Permit2 still knows its own.
    const [commands, inputs] = universalRouterAbi.decodeFunctionData('execute', call.data) as unknown as [
      string,
      string[],
    ];
    const data = universalRouterAbi.encodeFunctionData('execute', [commands, [...inputs], bundle.deadline + 10_000]);
    await world.advance(601);
    await expectNothingDone(() => send({ ...call, data: data as Hex }));
  });

  test('the nonce is used: the same call twice', async () => {
    const call = await signed({
      ...(await simple()),
      hops: [(await simple()).hops[0]!].map((hop) => ({ ...hop, minReceived: 1n }) as RouterSwap),
    });
    expect((await send(call)).success).toBe(true);
    await expectNothingDone(() => send(call));
  });

  test('somebody else sends it', async () => {
    const call = await signed(await simple());
    const thief = new Wallet(world.accounts.stranger.privateKey, home.provider);
    await expectNothingDone(() => send(call, thief));
  });

  test('a permit for something else is refused before anything is sent', async () => {
    const bundle = await simple();
    const { permit } = router.permitOf(bundle, await router.nonces(bundle, never))!;
    const build = (change: object) => () =>
      router.buildBundle(bundle, {
        signed: { permit: { ...permit, ...change }, signature: '0x' },
        allowance: 'standing',
      });
    expect(build({ spender: recipient })).toThrow(RouterPermitMismatchError);
    expect(build({ sigDeadline: bundle.deadline + 1 })).toThrow(RouterPermitMismatchError);
    expect(build({ details: [] })).toThrow(RouterPermitMismatchError);
    expect(build({ details: permit.details.map((each) => ({ ...each, amount: each.amount + 1n })) })).toThrow(
      RouterPermitMismatchError,
    );
    expect(() => router.permitOf(bundle, new Map())).toThrow(RouterPermitMismatchError);
  });

  test.each([
    ['another chain', (bundle: RouterBundle) => ({ ...bundle, chainId: away.id })],
    ['no hop', (bundle: RouterBundle) => ({ ...bundle, hops: [] })],
    ['no deadline', (bundle: RouterBundle) => ({ ...bundle, deadline: 0 })],
    [
      'the router keeps it',
      (bundle: RouterBundle) => ({ ...bundle, recipient: '0x0000000000000000000000000000000000000002' as Address }),
    ],
    [
      'no minimum',
      (bundle: RouterBundle) => ({ ...bundle, hops: [{ ...bundle.hops[0], minReceived: 0n } as RouterSwap] }),
    ],
    [
      'into itself',
      (bundle: RouterBundle) => ({ ...bundle, hops: [{ ...bundle.hops[0], tokenOut: usdc } as RouterSwap] }),
    ],
  ])('%s is refused', async (_, change) => {
    const bundle = change(await simple());
    expect(() => router.buildBundle(bundle, { allowance: 'exact' })).toThrow(RouterBundleInvalidError);
  });

  test('a chain that is not configured, a foreign pool, a fee on transfer', async () => {
    const bundle = await simple();
    const [hop] = bundle.hops as [RouterSwap];
    const foreign = { ...bundle, hops: [{ ...hop, pool: { ...hop.pool, adapter: 'curve' } }] };
    expect(() => router.buildBundle(foreign, { allowance: 'exact' })).toThrow(RouterHopUnsupportedError);
    const { contracts, id } = home;
    const config = {
      chain,
      universalRouter: contracts.universalRouter,
      permit2: contracts.permit2,
      universalRouterVersion: '2.0' as const,
    };
    const strict = universalRouter({ chains: { [id]: { ...config, feeOnTransfer: [usdc.address] } } });
    expect(() => strict.buildBundle(bundle, { allowance: 'exact' })).toThrow(FeeOnTransferTokenError);
    expect(() => universalRouter({ chains: { 1: config } })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
    const other = universalRouter({ chains: {} });
    expect(() => other.buildBundle(bundle, { allowance: 'exact' })).toThrow(
      expect.objectContaining({ code: 'CHAIN_NOT_CONFIGURED' }),
    );
  });

  test('a plain allowance that is exact is used up, also that of USDT', async () => {
    const pool = (await poolsOf('uniswap-v3')).find(({ tokens }) =>
      tokens.some(({ address }) => address === usdt.address),
    )!;
    const own = { sender: trader.address as Address, recipient };
    await send({ to: usdt.address, data: erc20.encodeFunctionData('approve', [home.contracts.permit2, 0n]) as Hex });
    const bundle = await bundleOf([swapOf(pool, usdt, 100n * E6)], own);
    for (const call of router.buildBundle(bundle, { allowance: 'exact' }))
      expect((await send(call)).success).toBe(true);
    expect((await inPermit2(usdt)).amount).toBe(0n);
  });
});
