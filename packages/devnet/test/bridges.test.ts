import { concat, dataSlice, keccak256 } from 'ethers';
import { signCheckpoint } from '../src/actors/hyperlane.js';
import { startWorld } from '../src/index.js';
import type { ActorEvent, Actors, Hex, Token, World, WorldChain, WorldSnapshot } from '../src/index.js';
import { approve, balanceOf, send, view, word } from './support.js';

const ETH = 10n ** 18n;
const ZERO = `0x${'00'.repeat(20)}`;
const LIVENESS_SECONDS = 601;
const DEPOSIT =
  'deposit(bytes32,bytes32,bytes32,bytes32,uint256,uint256,uint256,bytes32,uint32,uint32,uint32,bytes) payable';
const RELAY = '(bytes32,bytes32,bytes32,bytes32,bytes32,uint256,uint256,uint256,uint256,uint32,uint32,bytes)';

let world: World;
let home: WorldChain;
let away: WorldChain;
let third: WorldChain;
let start: WorldSnapshot;
let actors: Actors;

beforeAll(async () => {
  world = await startWorld({ chains: 3 });
  [home, away, third] = world.chains as [WorldChain, WorldChain, WorldChain];
  // They act when told to, so that every test sees exactly what it asked for.
  actors = await world.startActors({ only: [] });
  start = await world.snapshot();
}, 120_000);

afterEach(async () => {
  actors.acrossRelayer.behave({ minFeeBps: 2, delaySeconds: 0, ignore: () => false });
  actors.hyperlane.setDelaySeconds(0);
  await world.revert(start);
});

afterAll(() => world?.close());

/** Events of one kind since the test began. */
const since = (from: number) => actors.events().slice(from);
const ofKind = <K extends ActorEvent['kind']>(events: readonly ActorEvent[], kind: K) =>
  events.filter((event): event is Extract<ActorEvent, { kind: K }> => event.kind === kind);

interface DepositOptions {
  readonly from?: WorldChain;
  readonly to?: WorldChain;
  readonly symbol?: 'USDC' | 'WETH';
  readonly input?: bigint;
  readonly output?: bigint;
  readonly lifetimeSeconds?: number;
}

type Lane = Awaited<ReturnType<typeof deposit>>;

/** Deposits into Across and returns what a fill needs. */
async function deposit(options: DepositOptions = {}) {
  const { from = home, input = 10_000_000_000n, lifetimeSeconds = 600, symbol = 'USDC', to = away } = options;
  const { output = input - input / 1_000n } = options;
  const { owner, trader } = world.accounts;
  const spoke = from.contracts.acrossSpokePool;
  const inputToken: Token = from.tokens[symbol];
  const outputToken: Token = to.tokens[symbol];
  await approve(from, trader, inputToken, spoke, input);
  const now = (await from.provider.getBlock('pending'))!.timestamp;
  const parties = [word(trader.address), word(owner.address), word(inputToken.address), word(outputToken.address)];
  const terms = [input, output, to.id, word(ZERO), now, now + lifetimeSeconds, 0, '0x'];
  const depositId = await view(from, spoke, 'numberOfDeposits() view returns (uint32)', []);
  await send(from, trader, spoke, DEPOSIT, [...parties, ...terms]);
  const relay = [
    ...[word(trader.address), word(owner.address), word(ZERO), word(inputToken.address), word(outputToken.address)],
    ...[input, output, from.id, depositId, now + lifetimeSeconds, 0, '0x'],
  ];
  return { depositId, from, input, inputToken, output, outputToken, relay, to };
}

describe('Across', () => {
  test('the relayer fills a deposit on any lane', async () => {
    const { owner } = world.accounts;
    const nativeBefore = await third.provider.getBalance(owner.address);
    const lanes = [
      await deposit(),
      await deposit({ from: away, to: third, symbol: 'WETH', input: ETH }),
      await deposit({ from: third, to: home }),
    ];
    await actors.acrossRelayer.tick();
    const [usdcOut, , usdcBack] = lanes as [Lane, Lane, Lane];
    for (const { output, outputToken, to } of [usdcOut, usdcBack]) {
      expect(await balanceOf(to, outputToken, owner.address)).toBe(output);
    }
    // A spoke pool unwraps WETH for a recipient that has no code.
    expect((await third.provider.getBalance(owner.address)) - nativeBefore).toBe(lanes[1]!.output);
  });

  test('a second fill reverts', async () => {
    const { relay } = await deposit();
    await actors.acrossRelayer.tick();
    const again = send(
      away,
      world.accounts.relayer,
      away.contracts.acrossSpokePool,
      `fillRelay(${RELAY},uint256,bytes32)`,
      [relay, home.id, word(world.accounts.relayer.address)],
    );
    // RelayFilled()
    await expect(again).rejects.toMatchObject({ code: 'CALL_EXCEPTION', data: '0x8f260c60' });
  });

  test('a late fill reverts', async () => {
    const { relay } = await deposit({ lifetimeSeconds: 60 });
    await world.advance(61);
    const late = send(
      away,
      world.accounts.relayer,
      away.contracts.acrossSpokePool,
      `fillRelay(${RELAY},uint256,bytes32)`,
      [relay, home.id, word(world.accounts.relayer.address)],
    );
    // ExpiredFillDeadline()
    await expect(late).rejects.toMatchObject({ code: 'CALL_EXCEPTION', data: '0xd642b7d9' });
  });

  test.each([
    ['home', () => home, () => away],
    ['a chain without the hub', () => away, () => third],
  ])('an expired deposit on %s is refunded by a root bundle', async (_, from, to) => {
    const mark = actors.events().length;
    const before = await balanceOf(from(), from().tokens.USDC, world.accounts.trader.address);
    const { input } = await deposit({ from: from(), to: to(), lifetimeSeconds: 60 });
    expect(await balanceOf(from(), from().tokens.USDC, world.accounts.trader.address)).toBe(before - input);
    await actors.acrossDataworker.tick();
    expect(since(mark)).toEqual([]);
    await world.advance(61);
    await actors.acrossDataworker.tick();
    await actors.acrossDataworker.tick();
    expect(ofKind(since(mark), 'across-bundle-executed')).toEqual([]);
    await world.advance(LIVENESS_SECONDS + 1);
    await actors.acrossDataworker.tick();
    expect(await balanceOf(from(), from().tokens.USDC, world.accounts.trader.address)).toBe(before);
    const [executed] = ofKind(since(mark), 'across-bundle-executed');
    expect(executed!.refunds).toEqual([expect.objectContaining({ why: 'expired-deposit', atoms: input })]);
    // Once is enough.
    await actors.acrossDataworker.tick();
    expect(ofKind(since(mark), 'across-bundle-proposed')).toHaveLength(1);
  });

  test('relayers are repaid where they ask, from the hub where the spoke pool has too little', async () => {
    const { relayer } = world.accounts;
    const { input, relay } = await deposit({ from: home, to: away });
    const before = await balanceOf(third, third.tokens.USDC, relayer.address);
    const fill = `fillRelay(${RELAY},uint256,bytes32)`;
    await send(away, relayer, away.contracts.acrossSpokePool, fill, [relay, third.id, word(relayer.address)]);
    await actors.acrossDataworker.tick();
    await world.advance(LIVENESS_SECONDS + 1);
    await actors.acrossDataworker.tick();
    const gained = (await balanceOf(third, third.tokens.USDC, relayer.address)) - before;
    // One basis point is the liquidity providers'.
    expect(gained).toBe(input - input / 10_000n);
  });

  test('a bundle survives a revert into its challenge period', async () => {
    const before = await balanceOf(home, home.tokens.USDC, world.accounts.trader.address);
    await deposit({ lifetimeSeconds: 60 });
    await world.advance(61);
    await actors.acrossDataworker.tick();
    const pending = await world.snapshot();
    for (let round = 0; round < 2; round += 1) {
      await world.advance(LIVENESS_SECONDS + 1);
      await actors.acrossDataworker.tick();
      expect(await balanceOf(home, home.tokens.USDC, world.accounts.trader.address)).toBe(before);
      await world.revert(pending);
    }
  });

  test.each([
    ['fee-too-low', { minFeeBps: 11 }, {}],
    ['ignored', { ignore: () => true }, {}],
    ['not-yet', { delaySeconds: 300 }, {}],
    ['no-inventory', {}, { symbol: 'WETH', input: 600n * ETH }],
  ] as const)('the relayer may let a deposit pass: %s', async (reason, behaviour, terms) => {
    const mark = actors.events().length;
    await world.fund(home.tokens.WETH, world.accounts.trader.address, 600n * ETH);
    actors.acrossRelayer.behave(behaviour);
    await deposit(terms);
    await actors.acrossRelayer.tick();
    await actors.acrossRelayer.tick();
    expect(since(mark)).toEqual([expect.objectContaining({ kind: 'across-skipped', reason })]);
  });

  test('the relayer fills after its delay', async () => {
    actors.acrossRelayer.behave({ delaySeconds: 300 });
    const mark = actors.events().length;
    await deposit();
    await actors.acrossRelayer.tick();
    await world.advance(300);
    await actors.acrossRelayer.tick();
    expect(ofKind(since(mark), 'across-filled')).toHaveLength(1);
  });

  test('an actor that runs by itself fills, until it is paused', async () => {
    let heard: (event: ActorEvent) => void = () => {};
    const next = () => new Promise<ActorEvent>((resolve) => (heard = resolve));
    const own = await world.startActors({ only: ['acrossRelayer'], pollMs: 10, onEvent: (event) => heard(event) });
    const first = next();
    await deposit();
    expect(await first).toMatchObject({ kind: 'across-filled', originChainId: home.id });
    own.acrossRelayer.pause();
    await own.acrossRelayer.tick();
    await deposit();
    const second = next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(ofKind(own.events(), 'across-filled')).toHaveLength(1);
    own.acrossRelayer.resume();
    expect(await second).toMatchObject({ kind: 'across-filled' });
    await own.stop();
  });

  test('a listener that throws stops nobody', async () => {
    const onEvent = () => {
      throw new Error('deaf');
    };
    const own = await world.startActors({ only: [], onEvent });
    await deposit();
    await own.acrossRelayer.tick();
    expect(ofKind(own.events(), 'across-filled')).toHaveLength(1);
    await own.stop();
  });
});

describe('Hyperlane', () => {
  const TRANSFER = 'transferRemote(uint32,bytes32,uint256) payable returns (bytes32)';

  /** Sends USDC through the warp route and returns the dispatched message. */
  async function transfer(from: WorldChain, to: WorldChain, atoms: bigint) {
    const { owner, trader } = world.accounts;
    const route = from.contracts.hyperlaneWarpUsdc;
    await approve(from, trader, from.tokens.USDC, route, atoms);
    const fee = await view(from, route, 'quoteGasPayment(uint32) view returns (uint256)', [to.hyperlaneDomain]);
    const args = [to.hyperlaneDomain, word(owner.address), atoms];
    const receipt = await send(from, trader, route, TRANSFER, args, { value: fee });
    const dispatched = receipt.logs.find(
      (log) => log.address === from.contracts.hyperlaneMailbox && log.data !== '0x',
    )!;
    const length = Number(dataSlice(dispatched.data, 32, 64));
    const message = dataSlice(dispatched.data, 64, 64 + length) as Hex;
    return { fee: fee as bigint, message, messageId: keccak256(message) as Hex, block: receipt.blockNumber };
  }

  test('delivers a transfer on every lane', async () => {
    for (const [from, to] of [
      [home, away],
      [away, third],
      [third, home],
    ] as const) {
      const { fee } = await transfer(from, to, 1_000_000_000n);
      expect(fee).toBeGreaterThan(0n);
      await actors.hyperlane.tick();
      expect(await balanceOf(to, to.tokens.USDC, world.accounts.owner.address)).toBe(1_000_000_000n);
    }
  });

  test('signs the root that the hook has', async () => {
    await transfer(home, away, 1n);
    await transfer(home, away, 2n);
    const { messageId } = await transfer(home, third, 3n);
    await actors.hyperlane.tick();
    expect(ofKind(actors.events(), 'hyperlane-delivered').map((event) => event.messageId)).toContain(messageId);
    expect(await balanceOf(away, away.tokens.USDC, world.accounts.owner.address)).toBe(3n);
  });

  const checkpointOf = async (chain: WorldChain, messageId: Hex) => {
    const hook = chain.contracts.hyperlaneMerkleTreeHook;
    const [root, index] = await view(chain, hook, 'latestCheckpoint() view returns (bytes32,uint32)', []);
    return { originDomain: chain.id, merkleTreeHook: hook, root, index: Number(index), messageId };
  };

  test('refuses a forged signature, takes the honest one, and refuses a replay', async () => {
    const { message, messageId } = await transfer(home, away, 5n);
    const { hyperlaneRelayer, stranger, validator } = world.accounts;
    const checkpoint = await checkpointOf(home, messageId);
    const process = (metadata: string) =>
      send(away, hyperlaneRelayer, away.contracts.hyperlaneMailbox, 'process(bytes,bytes) payable', [
        metadata,
        message,
      ]);
    await expect(process(await signCheckpoint(checkpoint, stranger))).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
    expect(await balanceOf(away, away.tokens.USDC, world.accounts.owner.address)).toBe(0n);
    const honest = await signCheckpoint(checkpoint, validator);
    await process(honest);
    expect(await balanceOf(away, away.tokens.USDC, world.accounts.owner.address)).toBe(5n);
    await expect(process(honest)).rejects.toMatchObject({ reason: 'Mailbox: already delivered' });
  });

  test('refuses a message that was altered on the way', async () => {
    const { message, messageId } = await transfer(home, away, 5n);
    const metadata = await signCheckpoint(await checkpointOf(home, messageId), world.accounts.validator);
    const altered = concat([dataSlice(message, 0, message.length / 2 - 2), '0x06']);
    const process = send(
      away,
      world.accounts.hyperlaneRelayer,
      away.contracts.hyperlaneMailbox,
      'process(bytes,bytes) payable',
      [metadata, altered],
    );
    await expect(process).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
  });

  test('cannot deliver beyond the collateral, and does once there is enough', async () => {
    const mark = actors.events().length;
    const collateral = await balanceOf(third, third.tokens.USDC, third.contracts.hyperlaneWarpUsdc);
    await transfer(home, third, collateral + 1n);
    await actors.hyperlane.tick();
    await actors.hyperlane.tick();
    expect(ofKind(since(mark), 'hyperlane-failed')).toHaveLength(1);
    await world.fund(third.tokens.USDC, third.contracts.hyperlaneWarpUsdc, 1n);
    await actors.hyperlane.tick();
    expect(await balanceOf(third, third.tokens.USDC, world.accounts.owner.address)).toBe(collateral + 1n);
  });

  test('delivers after its delay', async () => {
    actors.hyperlane.setDelaySeconds(120);
    await transfer(home, away, 5n);
    await actors.hyperlane.tick();
    expect(await balanceOf(away, away.tokens.USDC, world.accounts.owner.address)).toBe(0n);
    await world.advance(120);
    await actors.hyperlane.tick();
    expect(await balanceOf(away, away.tokens.USDC, world.accounts.owner.address)).toBe(5n);
  });
});
