import { AbiCoder, Interface, SigningKey, Wallet, hashMessage, toBeHex } from 'ethers';
import type { Address, Hex, Quote, QuoteRequest, Token } from '@evenkeel/core';
import {
  checkpointDigest,
  hyperlane,
  type HyperlaneCheckpoint,
  type HyperlaneOptions,
  type HyperlaneProofSource,
  multisigMetadata,
  unpackMessage,
} from '@evenkeel/adapters/hyperlane';
import { type Actors, startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { balanceOf, chainsOf, clock, never, sendCalls, throughJournal, transferOf } from './support/bridge-world.js';

const MAILBOX = new Interface([
  'function process(bytes metadata, bytes message) payable',
  'function delivered(bytes32) view returns (bool)',
  'event Dispatch(address indexed sender, uint32 indexed destination, bytes32 indexed recipient, bytes message)',
]);
const HOOK = new Interface([
  'function latestCheckpoint() view returns (bytes32 root, uint32 index)',
  'function count() view returns (uint32)',
]);

let world: World;
let actors: Actors;
let home: WorldChain;
let away: WorldChain;
let owner: Address;
let options: HyperlaneOptions;
let bridge: ReturnType<typeof hyperlane>;

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  actors = await world.startActors({ only: [] });
  [home, away] = world.chains as [WorldChain, WorldChain];
  owner = world.accounts.trader.address;
  options = optionsFor(world);
  bridge = hyperlane(options);
}, 120_000);

afterAll(() => world?.close());

function optionsFor({ chains }: World): HyperlaneOptions {
  const views = chainsOf(world);
  return {
    chains: Object.fromEntries(
      chains.map(({ contracts, hyperlaneDomain, id }) => [
        id,
        { chain: views[id]!, domain: hyperlaneDomain, mailbox: contracts.hyperlaneMailbox },
      ]),
    ),
    routes: [
      chains.map(({ contracts, tokens }) => ({ token: tokens.USDC, router: contracts.hyperlaneWarpUsdc })),
      chains.map(({ contracts, tokens }) => ({ token: tokens.WETH, router: contracts.hyperlaneWarpWeth })),
    ],
    clock,
    proofs,
  };
}

async function request(change: Partial<QuoteRequest> = {}, atoms = 100_000_000n): Promise<QuoteRequest> {
  return {
    input: { token: home.tokens.USDC, atoms },
    tokenOut: away.tokens.USDC,
    sender: owner,
    recipient: owner,
    slippageBps: 0,
    deadline: (await world.clockSeconds()) + 3_600,
    ...change,
  };
}

async function send(quote: Quote): Promise<Hex> {
  const calls = bridge.build({ kind: 'quote', quote, sender: owner, recipient: owner, deadline: 9e12 });
  return sendCalls(world, world.accounts.trader, calls);
}

/** A fresh adapter and a transfer that was only ever text in between: what a restart leaves. */
function trackAfterRestart(quote: Quote, hash: Hex): ReturnType<typeof bridge.track> {
  return hyperlane(optionsFor(world)).track(throughJournal(transferOf(quote, hash)), never);
}

/** The validator's checkpoint of the newest message, signed by `key`; stands in for the storage it publishes to. */
async function signedMetadata(messageId: Hex, key: Hex): Promise<Hex> {
  const merkleTreeHook = home.contracts.hyperlaneMerkleTreeHook;
  const data = HOOK.encodeFunctionData('latestCheckpoint');
  const answer = (await home.rpc('eth_call', [{ to: merkleTreeHook, data }, 'latest'])) as Hex;
  const [root, index] = AbiCoder.defaultAbiCoder().decode(['bytes32', 'uint32'], answer) as unknown as [Hex, bigint];
  const originDomain = home.hyperlaneDomain;
  const checkpoint: HyperlaneCheckpoint = { originDomain, merkleTreeHook, root, index: Number(index), messageId };
  const digest = hashMessage(Buffer.from(checkpointDigest(checkpoint).slice(2), 'hex'));
  return multisigMetadata(checkpoint, [new SigningKey(key).sign(digest).serialized as Hex]);
}

const proofs: HyperlaneProofSource = {
  metadata: ({ id }) => signedMetadata(id, world.accounts.validator.privateKey),
};

async function dispatchedMessage(hash: Hex): Promise<Hex> {
  const receipt = (await home.provider.getTransactionReceipt(hash))!;
  const mailbox = home.contracts.hyperlaneMailbox;
  const logs = receipt.logs.filter(({ address }) => address === mailbox).map((log) => MAILBOX.parseLog(log));
  return logs.find((log) => log?.name === 'Dispatch')!.args['message'] as Hex;
}

async function process(metadata: Hex, message: Hex): Promise<void> {
  const wallet = new Wallet(world.accounts.stranger.privateKey, away.provider);
  const data = MAILBOX.encodeFunctionData('process', [metadata, message]);
  await (await wallet.sendTransaction({ to: away.contracts.hyperlaneMailbox, data, gasLimit: 800_000 })).wait();
}

describe('quote', () => {
  test('is one to one, with the message paid on top in native coin', async () => {
    const quote = await bridge.quote(await request(), never);
    expect(quote.output.atoms).toBe(quote.input.atoms);
    expect(quote.minReceived).toBe(quote.output.atoms);
    const [fee] = quote.fees;
    expect(fee).toMatchObject({ kind: 'message', included: false, amount: { token: { symbol: 'ETH', decimals: 18 } } });
    expect(fee!.amount.atoms).toBeGreaterThan(0n);
    expect(quote.onFailure).toBe('needs-signature');
    expect(JSON.parse(JSON.stringify(quote.payload))).toEqual(quote.payload);
    const [, action] = bridge.build({ kind: 'quote', quote, sender: owner, recipient: owner, deadline: 9e12 });
    expect(action!.valueWei).toBe(fee!.amount.atoms);
  });

  test('the message fee is the least that the contract accepts', async () => {
    const quote = await bridge.quote(await request(), never);
    const calls = bridge.build({ kind: 'quote', quote, sender: owner, recipient: owner, deadline: 9e12 });
    const before = await world.snapshot();
    const short = calls.map((call) => (call.valueWei > 0n ? { ...call, valueWei: call.valueWei - 1n } : call));
    await expect(sendCalls(world, world.accounts.trader, short)).rejects.toThrow();
    await world.revert(before);
  });

  test('sees missing far-side collateral before anything is sent', async () => {
    const collateral = await balanceOf(away, away.tokens.USDC, away.contracts.hyperlaneWarpUsdc);
    const lane = { from: home.tokens.USDC, to: away.tokens.USDC };
    await expect(bridge.limits(lane, never)).resolves.toMatchObject({ min: 1n, max: collateral });
    await expect(bridge.quote(await request({}, collateral + 1n), never)).rejects.toMatchObject({
      code: 'AMOUNT_OUTSIDE_LIMITS',
      retryable: true,
      message: expect.stringContaining('far-side collateral') as string,
    });
    await expect(bridge.quote(await request({}, collateral), never)).resolves.toMatchObject({
      output: { atoms: collateral },
    });
  });

  test('refuses routers that do not know each other', async () => {
    const crossed = [
      { token: home.tokens.USDC, router: home.contracts.hyperlaneWarpUsdc },
      { token: { ...away.tokens.USDC, address: away.tokens.WETH.address }, router: away.contracts.hyperlaneWarpWeth },
    ];
    const asked = hyperlane({ ...options, routes: [crossed] }).quote(
      await request({ tokenOut: crossed[1]!.token }),
      never,
    );
    await expect(asked).rejects.toMatchObject({ code: 'QUOTE_INCONSISTENT', field: 'routers' });
  });

  test('refuses decimals that the routers do not agree with', async () => {
    const wrong = { ...away.tokens.USDC, decimals: 18 };
    const routes = [
      [
        { token: home.tokens.USDC, router: home.contracts.hyperlaneWarpUsdc },
        { token: wrong, router: away.contracts.hyperlaneWarpUsdc },
      ],
    ];
    const asked = hyperlane({ ...options, routes }).quote(await request({ tokenOut: wrong }), never);
    await expect(asked).rejects.toMatchObject({ code: 'QUOTE_INCONSISTENT', field: 'scale' });
  });

  test.each([
    ['a pair without a route', (): Partial<QuoteRequest> => ({ tokenOut: away.tokens.USDT }), 'LANE_UNSUPPORTED'],
    ['a deadline before any delivery', (): Partial<QuoteRequest> => ({ deadline: 1 }), 'DEADLINE_UNREACHABLE'],
  ])('refuses %s', async (_, change, code) => {
    await expect(bridge.quote(await request(change()), never)).rejects.toMatchObject({ code });
  });
});

describe('a transfer', () => {
  test.each(['USDC', 'WETH'] as const)('of %s is delivered to the atom, and leaves no allowance', async (symbol) => {
    const token = home.tokens[symbol];
    const input = { token, atoms: 5n * 10n ** BigInt(token.decimals) };
    const quote = await bridge.quote(await request({ input, tokenOut: away.tokens[symbol] as Token }), never);
    const before = await balanceOf(away, away.tokens[symbol], owner);
    const hash = await send(quote);
    const pending = await trackAfterRestart(quote, hash);
    expect(pending).toMatchObject({ state: 'pending', reason: expect.stringContaining('validators') as string });
    await actors.hyperlane.tick();
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({
      state: 'filled',
      received: { token: { symbol, chainId: away.id }, atoms: input.atoms },
    });
    expect((await balanceOf(away, away.tokens[symbol], owner)) - before).toBe(input.atoms);
    await expect(bridge.quote(await request({ input, tokenOut: away.tokens[symbol] }), never)).resolves.toMatchObject({
      payload: { resetAllowance: false },
    });
  });

  test('stays pending and says why when the collateral is gone, until we deliver it ourselves', async () => {
    const quote = await bridge.quote(await request({}, 40_000_000n), never);
    const hash = await send(quote);
    const drained = await setUsdc(away, away.contracts.hyperlaneWarpUsdc, 3_000_000n);
    await actors.hyperlane.tick();
    const stuck = await trackAfterRestart(quote, hash);
    expect(stuck).toMatchObject({
      state: 'pending',
      reason: 'missing liquidity: the far side holds 3 USDC of the 40 that it has to pay',
    });
    expect(await bridge.recover!(transferOf(quote, hash), stuck, never)).toEqual([]);

    await setUsdc(away, away.contracts.hyperlaneWarpUsdc, drained);
    const waiting = await trackAfterRestart(quote, hash);
    const help = await bridge.recover!(throughJournal(transferOf(quote, hash)), waiting, never);
    expect(help.map(({ chainId, to }) => ({ chainId, to }))).toEqual([
      { chainId: away.id, to: away.contracts.hyperlaneMailbox },
    ]);
    expect(bridge.targets(away.id)).toContain(help[0]!.to);
    const before = await balanceOf(away, away.tokens.USDC, owner);
    await sendCalls(world, world.accounts.trader, help);
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'filled' });
    expect((await balanceOf(away, away.tokens.USDC, owner)) - before).toBe(40_000_000n);
    expect(await bridge.recover!(transferOf(quote, hash), waiting, never)).toEqual([]);
  });

  test('cannot be forged, neither by a stranger’s signature nor by changing what was signed', async () => {
    const quote = await bridge.quote(await request(), never);
    const hash = await send(quote);
    const message = await dispatchedMessage(hash);
    const { id } = unpackMessage(message)!;
    const forgedSignature = await signedMetadata(id, world.accounts.stranger.privateKey);
    await expect(process(forgedSignature, message)).rejects.toThrow();
    const genuine = await signedMetadata(id, world.accounts.validator.privateKey);
    const forgedAmount = `${message.slice(0, -64)}${toBeHex(10n ** 12n, 32).slice(2)}` as Hex;
    await expect(process(genuine, forgedAmount)).rejects.toThrow();
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'pending' });
  });

  test('cannot be delivered twice', async () => {
    const quote = await bridge.quote(await request(), never);
    const hash = await send(quote);
    const message = await dispatchedMessage(hash);
    const metadata = await signedMetadata(unpackMessage(message)!.id, world.accounts.validator.privateKey);
    await process(metadata, message);
    await expect(process(metadata, message)).rejects.toThrow();
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'filled' });
  });

  test('whose transaction dispatched something else never started', async () => {
    const quote = await bridge.quote(await request(), never);
    const other = await bridge.quote(await request({}, 1_000_000n), never);
    const hash = await send(other);
    await expect(trackAfterRestart(quote, hash)).rejects.toMatchObject({ code: 'TRANSFER_NOT_STARTED' });
    await expect(trackAfterRestart(quote, `0x${'00'.repeat(32)}`)).resolves.toMatchObject({ state: 'pending' });
  });
});

/** Sets a balance of the world's USDC by its issuer's means: burns or mints are not the router's, so storage it is. */
async function setUsdc(chain: WorldChain, holder: Address, atoms: bigint): Promise<bigint> {
  const before = await balanceOf(chain, chain.tokens.USDC, holder);
  await chain.rpc('anvil_dealERC20', [holder, chain.tokens.USDC.address, toBeHex(atoms)]);
  expect(await balanceOf(chain, chain.tokens.USDC, holder)).toBe(atoms);
  return before;
}
