import { AbiCoder, Contract, Interface, Wallet } from 'ethers';
import type { Address, Hex, Lane, Quote, QuoteRequest, Token } from '@evenkeel/core';
import {
  across,
  type AcrossAdapter,
  acrossApiFees,
  type AcrossOptions,
  scheduledAcrossFees,
} from '@evenkeel/adapters/across';
import { type Actors, startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { startAcrossApiLoopbackServer, suggestedFees } from './across-api-loopback-server.js';
import { balanceOf, chainsOf, clock, never, sendCalls, throughJournal, transferOf } from './support/bridge-world.js';

const FEES = {
  capitalPpm: 300,
  liquidityProviderPpm: 100,
  gasAtoms: 20_000n,
  minDepositAtoms: 1_000_000n,
  expectedFillSeconds: 2,
};
/** The bundle's challenge period, and some. */
const CHALLENGE_SECONDS = 700;

let world: World;
let actors: Actors;
let options: AcrossOptions;
let bridge: AcrossAdapter;
let home: WorldChain;
let away: WorldChain;
let owner: Address;

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  actors = await world.startActors({ only: [] });
  [home, away] = world.chains as [WorldChain, WorldChain];
  owner = world.accounts.trader.address;
  options = optionsFor(world);
  bridge = across(options);
}, 120_000);

afterEach(() => actors.acrossRelayer.behave({ delaySeconds: 0, ignore: () => false }));

afterAll(() => world?.close());

function optionsFor({ accounts, chains }: World): AcrossOptions {
  const views = chainsOf(world);
  const byId = Object.fromEntries(
    chains.map(({ contracts, id, tokens }) => [
      id,
      {
        chain: views[id]!,
        spokePool: contracts.acrossSpokePool,
        multicallHandler: contracts.acrossMulticallHandler,
        wrappedNative: tokens.WETH.address,
      },
    ]),
  );
  const lanes = (['USDC', 'WETH'] as const).flatMap((symbol): Lane[] => {
    const [a, b] = chains.map(({ tokens }) => tokens[symbol]) as [Token, Token];
    return [
      { from: a, to: b },
      { from: b, to: a },
    ];
  });
  const fees = scheduledAcrossFees({ chains: byId, relayer: accounts.relayer.address, schedule: () => FEES });
  return { chains: byId, lanes, fees, clock };
}

async function request(
  from: Token,
  to: Token,
  atoms: bigint,
  change: Partial<QuoteRequest> = {},
): Promise<QuoteRequest> {
  return {
    input: { token: from, atoms },
    tokenOut: to,
    sender: owner,
    recipient: owner,
    slippageBps: 50,
    deadline: (await world.clockSeconds()) + 7_200,
    ...change,
  };
}

const usdc = (change: Partial<QuoteRequest> = {}, atoms = 100_000_000n): Promise<QuoteRequest> =>
  request(home.tokens.USDC, away.tokens.USDC, atoms, change);

async function deposit(quote: Quote): Promise<Hex> {
  const calls = bridge.build({
    kind: 'quote',
    quote,
    sender: owner,
    recipient: owner,
    deadline: Number.MAX_SAFE_INTEGER,
  });
  return sendCalls(world, world.accounts.trader, calls);
}

/** A fresh adapter and a transfer that was only ever text in between: what a restart leaves. */
function trackAfterRestart(quote: Quote, hash: Hex): ReturnType<AcrossAdapter['track']> {
  return across(optionsFor(world)).track(throughJournal(transferOf(quote, hash)), never);
}

/** Until all that expired is refunded: a bundle that was proposed before may have to be executed first. */
async function refundByBundles(): Promise<void> {
  for (let bundle = 0; bundle < 2; bundle += 1) {
    await actors.acrossDataworker.tick();
    await world.advance(CHALLENGE_SECONDS);
    await actors.acrossDataworker.tick();
  }
}

describe('quote', () => {
  test('adds up, names every fee, and is frozen', async () => {
    const quote = await bridge.quote(await usdc(), never);
    const fees = quote.fees.reduce((sum, fee) => sum + fee.amount.atoms, 0n);
    expect(quote.output.atoms).toBe(quote.input.atoms - fees);
    expect(fees).toBe(30_000n + 10_000n + 20_000n);
    expect(quote.minReceived).toBe(quote.output.atoms);
    expect(quote).toMatchObject({ onFailure: 'refund-automatic', riskBearer: 'relayer', kind: 'bridge' });
    expect(Object.isFrozen(quote.output.token)).toBe(true);
    expect(JSON.parse(JSON.stringify(quote.payload))).toEqual(quote.payload);
  });

  test('sees missing money of the far side before anything is sent', async () => {
    const held = await balanceOf(away, away.tokens.USDC, world.accounts.relayer.address);
    const lane = { from: home.tokens.USDC, to: away.tokens.USDC };
    await expect(bridge.limits(lane, never)).resolves.toMatchObject({ min: 1_000_000n, max: held });
    const tooMuch = bridge.quote(await usdc({}, held + 1n), never);
    await expect(tooMuch).rejects.toMatchObject({ code: 'AMOUNT_OUTSIDE_LIMITS', retryable: true });
    await expect(bridge.quote(await usdc({}, 999_999n), never)).rejects.toMatchObject({
      code: 'AMOUNT_OUTSIDE_LIMITS',
    });
  });

  test('sees paused contracts before anything is sent', async () => {
    const before = await world.snapshot();
    await asSpokeOwner(away, 'pauseFills', [true]);
    const lane = { from: home.tokens.USDC, to: away.tokens.USDC };
    await expect(bridge.limits(lane, never)).resolves.toMatchObject({ max: 0n, reason: /paused on chain 31338/ });
    await expect(bridge.quote(await usdc(), never)).rejects.toMatchObject({ code: 'AMOUNT_OUTSIDE_LIMITS' });
    await world.revert(before);
  });

  test.each([
    ['a deadline that no relayer meets', { deadline: 1 }, 'DEADLINE_UNREACHABLE'],
    ['a pair without a lane', { tokenOut: undefined as unknown as Token }, 'LANE_UNSUPPORTED'],
  ])('refuses %s', async (_, change, code) => {
    const fixed = 'tokenOut' in change ? { tokenOut: away.tokens.WETH } : change;
    await expect(bridge.quote(await usdc(fixed), never)).rejects.toMatchObject({ code });
  });

  test('gives up when its caller does', async () => {
    const asked = bridge.quote(await usdc(), AbortSignal.abort());
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('build', () => {
  test('approves exactly, and resets an allowance that is in the way', async () => {
    const quote = await bridge.quote(await usdc(), never);
    const fill = { kind: 'quote', quote, sender: owner, recipient: owner, deadline: Number.MAX_SAFE_INTEGER } as const;
    expect(bridge.build(fill).map(({ purpose }) => purpose)).toEqual(['approve', 'action']);
    const before = await world.snapshot();
    await sendCalls(world, world.accounts.trader, bridge.build(fill).slice(0, 1));
    const again = await bridge.quote(await usdc(), never);
    const calls = bridge.build({ ...fill, quote: again });
    expect(calls.map(({ purpose }) => purpose)).toEqual(['revoke', 'approve', 'action']);
    await world.revert(before);
  });

  test.each([
    ['another recipient', { recipient: `0x${'11'.repeat(20)}` as Address }],
    ['another sender', { sender: `0x${'11'.repeat(20)}` as Address }],
  ])('refuses %s than was quoted', async (_, change) => {
    const quote = await bridge.quote(await usdc(), never);
    const fill = { kind: 'quote', quote, sender: owner, recipient: owner, deadline: Number.MAX_SAFE_INTEGER } as const;
    expect(() => bridge.build({ ...fill, ...change })).toThrow(expect.objectContaining({ code: 'FILL_MISMATCH' }));
  });

  test('refuses a payload that is not its own', async () => {
    const quote = { ...(await bridge.quote(await usdc(), never)), payload: { to: owner } };
    const fill = { kind: 'quote', quote, sender: owner, recipient: owner, deadline: 9e12 } as const;
    expect(() => bridge.build(fill)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'quote.payload' }),
    );
  });
});

describe('a deposit', () => {
  test('is filled to the atom, and leaves no allowance', async () => {
    const quote = await bridge.quote(await usdc(), never);
    const before = await balanceOf(away, away.tokens.USDC, owner);
    const hash = await deposit(quote);
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'pending' });
    await actors.acrossRelayer.tick();
    const status = await trackAfterRestart(quote, hash);
    expect(status).toMatchObject({ state: 'filled', received: { atoms: quote.output.atoms } });
    expect((await balanceOf(away, away.tokens.USDC, owner)) - before).toBe(quote.output.atoms);
    const allowance = new Contract(home.tokens.USDC.address, ERC20, home.provider).getFunction('allowance');
    expect(await allowance(owner, home.contracts.acrossSpokePool)).toBe(0n);
  });

  test('brings the wrapped native coin as a token to an account without code', async () => {
    const quote = await bridge.quote(await request(home.tokens.WETH, away.tokens.WETH, 10n ** 18n), never);
    const before = await balanceOf(away, away.tokens.WETH, owner);
    const hash = await deposit(quote);
    await actors.acrossRelayer.tick();
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({
      state: 'filled',
      received: { token: { symbol: 'WETH' }, atoms: quote.output.atoms },
    });
    expect((await balanceOf(away, away.tokens.WETH, owner)) - before).toBe(quote.output.atoms);
  });

  test('that is filled late is filled all the same, and a second fill reverts', async () => {
    actors.acrossRelayer.behave({ delaySeconds: 1_800 });
    const quote = await bridge.quote(await usdc(), never);
    const hash = await deposit(quote);
    await actors.acrossRelayer.tick();
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'pending' });
    await world.advance(1_900);
    await actors.acrossRelayer.tick();
    const status = await trackAfterRestart(quote, hash);
    expect(status.state).toBe('filled');
    await expect(repeatFill(status as { txHash: Hex })).rejects.toThrow();
  });

  test('that nobody fills expires, and is refunded by a root bundle', async () => {
    actors.acrossRelayer.behave({ ignore: () => true });
    const quote = await bridge.quote(await usdc(), never);
    const before = await balanceOf(home, home.tokens.USDC, owner);
    const hash = await deposit(quote);
    await world.advance(3_500);
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'pending' });
    await world.advance(200);
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'expired' });
    await refundByBundles();
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({
      state: 'refunded',
      received: { token: { symbol: 'USDC', chainId: home.id }, atoms: quote.input.atoms },
    });
    expect(await balanceOf(home, home.tokens.USDC, owner)).toBe(before);
  });

  test('is not taken for refunded when it was an earlier one of the same owner that was', async () => {
    actors.acrossRelayer.behave({ ignore: () => true });
    const deadline = (await world.clockSeconds()) + 600;
    const first = await bridge.quote(await usdc({ deadline }), never);
    const firstHash = await deposit(first);
    const second = await bridge.quote(await usdc({}, 50_000_000n), never);
    const secondHash = await deposit(second);
    await world.advance(700);
    await refundByBundles();
    await expect(trackAfterRestart(first, firstHash)).resolves.toMatchObject({ state: 'refunded' });
    await expect(trackAfterRestart(second, secondHash)).resolves.toMatchObject({ state: 'pending' });
    await world.advance(3_000);
    await expect(trackAfterRestart(second, secondHash)).resolves.toMatchObject({
      state: expect.stringMatching(/^(expired|refund-pending)$/) as string,
    });
    await refundByBundles();
    const last = await trackAfterRestart(second, secondHash);
    expect(last).toMatchObject({ state: 'refunded', received: { atoms: 50_000_000n } });
  });

  test('whose transaction holds no deposit never started', async () => {
    const quote = await bridge.quote(await usdc(), never);
    const wallet = new Wallet(world.accounts.trader.privateKey, home.provider);
    const other = await wallet.sendTransaction({ to: owner });
    await other.wait();
    await expect(trackAfterRestart(quote, other.hash as Hex)).rejects.toMatchObject({ code: 'TRANSFER_NOT_STARTED' });
    const unknown = await trackAfterRestart(quote, `0x${'00'.repeat(32)}`);
    expect(unknown).toMatchObject({ state: 'pending' });
  });
});

describe('a deposit with a swap on arrival', () => {
  const SWAP = new Interface([
    'function approve(address,uint256)',
    'function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96)) payable returns (uint256)',
  ]);

  /** USDC crosses, and is swapped into WETH on Uniswap V3 for at least `minimum`; `wanted` counts as filled. */
  async function swapQuote(minimum: bigint, wanted: bigint = minimum): Promise<Quote> {
    const { tokens, contracts } = away;
    const router = contracts.uniswapV3SwapRouter02;
    return bridge.quoteWithAction(
      await request(home.tokens.USDC, tokens.WETH, 100_000_000n),
      {
        bridgedToken: tokens.USDC,
        expectedAtoms: wanted + 1n,
        minReceived: wanted,
        calls: (atoms, recipient) => [
          { to: tokens.USDC.address, data: SWAP.encodeFunctionData('approve', [router, atoms]) as Hex, valueWei: 0n },
          {
            to: router,
            data: SWAP.encodeFunctionData('exactInputSingle', [
              [tokens.USDC.address, tokens.WETH.address, 500, recipient, atoms, minimum, 0],
            ]) as Hex,
            valueWei: 0n,
          },
        ],
      },
      never,
    );
  }

  test('ends as filled in the wanted token', async () => {
    const quote = await swapQuote(1n);
    const before = await balanceOf(away, away.tokens.WETH, owner);
    const hash = await deposit(quote);
    await actors.acrossRelayer.tick();
    const status = await trackAfterRestart(quote, hash);
    const gained = (await balanceOf(away, away.tokens.WETH, owner)) - before;
    expect(status).toMatchObject({ state: 'filled', received: { token: { symbol: 'WETH' }, atoms: gained } });
    expect(gained).toBeGreaterThan(0n);
  });

  test('ends as filled otherwise when the swap yields less than was wanted', async () => {
    const quote = await swapQuote(1n, 10n ** 24n);
    const hash = await deposit(quote);
    await actors.acrossRelayer.tick();
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({
      state: 'filled-otherwise',
      received: [{ token: { symbol: 'WETH', chainId: away.id } }],
      reason: expect.stringContaining('yielded less') as string,
    });
  });

  test('ends as filled otherwise when the swap fails: the bridged token arrives', async () => {
    const quote = await swapQuote(10n ** 24n);
    const before = await balanceOf(away, away.tokens.USDC, owner);
    const hash = await deposit(quote);
    await actors.acrossRelayer.tick();
    const status = await trackAfterRestart(quote, hash);
    const gained = (await balanceOf(away, away.tokens.USDC, owner)) - before;
    expect(status).toMatchObject({
      state: 'filled-otherwise',
      received: [{ token: { symbol: 'USDC', chainId: away.id }, atoms: gained }],
    });
    expect(gained).toBeGreaterThan(99_000_000n);
  });
});

const OTHER = `0x${'77'.repeat(20)}`;
const ERC20 = ['function allowance(address,address) view returns (uint256)'];

/** The spoke pools of this world obey their owner, whom anvil can stand in for. */
async function asSpokeOwner(chain: WorldChain, method: string, args: readonly unknown[]): Promise<void> {
  const spoke = chain.contracts.acrossSpokePool;
  const abi = new Interface(['function owner() view returns (address)', 'function pauseFills(bool)']);
  const answer = (await chain.rpc('eth_call', [{ to: spoke, data: abi.encodeFunctionData('owner') }, 'latest'])) as Hex;
  const [from] = AbiCoder.defaultAbiCoder().decode(['address'], answer) as unknown as [string];
  await chain.rpc('anvil_impersonateAccount', [from]);
  await chain.rpc('anvil_setBalance', [from, '0xde0b6b3a7640000']);
  const hash = await chain.rpc('eth_sendTransaction', [
    {
      from,
      to: spoke,
      data: abi.encodeFunctionData(method, args),
      maxFeePerGas: '0x2540be400',
      maxPriorityFeePerGas: '0x0',
    },
  ]);
  await chain.provider.waitForTransaction(hash as string);
  await chain.rpc('anvil_stopImpersonatingAccount', [from]);
}

/** Sends the relayer's own fill once more. */
async function repeatFill({ txHash }: { readonly txHash: Hex }): Promise<void> {
  const fill = (await away.provider.getTransaction(txHash))!;
  const relayer = new Wallet(world.accounts.relayer.privateKey, away.provider);
  await (await relayer.sendTransaction({ to: fill.to!, data: fill.data, gasLimit: 500_000 })).wait();
}

describe('with fees from the HTTP API', () => {
  test('a deposit is made as the API says, and filled', async () => {
    const server = await startAcrossApiLoopbackServer();
    try {
      const timestamp = (await world.clockSeconds()) - 30;
      server.answer({ body: suggestedFees(home.contracts.acrossSpokePool, { timestamp: String(timestamp) }) });
      const fees = acrossApiFees({ apiUrl: server.apiUrl, clock });
      const quote = await across({ ...options, fees }).quote(await usdc(), never);
      expect(quote.output.atoms).toBe(100_000_000n - 60_000n);
      expect(quote.payload).toMatchObject({ quoteTimestamp: timestamp });
      const hash = await deposit(quote);
      await actors.acrossRelayer.tick();
      await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'filled' });
    } finally {
      await server.close();
    }
  });

  test.each([
    ['another SpokePool than ours', (): Record<string, unknown> => suggestedFees(OTHER), 'originSpokePool'],
    ['a fee of long ago', () => suggestedFees(home.contracts.acrossSpokePool), 'quoteTimestamp'],
  ])('%s is refused', async (_, body, field) => {
    const server = await startAcrossApiLoopbackServer();
    try {
      server.answer({ body: body() });
      const fees = acrossApiFees({ apiUrl: server.apiUrl, clock });
      const asked = across({ ...options, fees }).quote(await usdc(), never);
      await expect(asked).rejects.toMatchObject({ code: 'QUOTE_INCONSISTENT', field });
    } finally {
      await server.close();
    }
  });
});

describe('a refund that the token refuses to pay', () => {
  /** Knows balances beyond measure and refuses every transfer, as a blacklist does. */
  const REFUSING_TOKEN = '0x5f3560e01c6370a08231146011575f5ffd5b5f195f5260205ff3';

  test('waits to be claimed by a call of ours, and ends as refunded', async () => {
    const { USDC } = home.tokens;
    actors.acrossRelayer.behave({ ignore: () => true });
    const quote = await bridge.quote(await usdc(), never);
    const hash = await deposit(quote);
    await world.advance(3_700);
    const code = (await home.rpc('eth_getCode', [USDC.address, 'latest'])) as Hex;
    await home.rpc('anvil_setCode', [USDC.address, REFUSING_TOKEN]);
    await refundByBundles();
    await home.rpc('anvil_setCode', [USDC.address, code]);

    const refused = await trackAfterRestart(quote, hash);
    expect(refused).toMatchObject({ state: 'refund-pending', needsClaim: true });
    const before = await balanceOf(home, USDC, owner);
    const help = await bridge.recover!(throughJournal(transferOf(quote, hash)), refused, never);
    expect(help).toHaveLength(1);
    await sendCalls(world, world.accounts.trader, help);
    expect((await balanceOf(home, USDC, owner)) - before).toBe(quote.input.atoms);
    const ended = await trackAfterRestart(quote, hash);
    expect(ended).toMatchObject({ state: 'refunded', received: { atoms: quote.input.atoms } });
    expect(await bridge.recover!(transferOf(quote, hash), ended, never)).toEqual([]);
  });
});
