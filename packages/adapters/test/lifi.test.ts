import type { LiFiStep, StatusResponse } from '@lifi/types';
import type { Address, Clock, Hex, Quote, QuoteRequest } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import { across, type AcrossAdapter, scheduledAcrossFees } from '@evenkeel/adapters/across';
import { lifiBridge, type LifiBridgeOptions, lifiVenue } from '@evenkeel/adapters/lifi';
import { type Actors, startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { type LifiLoopbackServer, startLifiLoopbackServer } from './lifi-loopback-server.js';
import { balanceOf, chainsOf, clock, never, sendCalls, throughJournal, transferOf } from './support/bridge-world.js';

const API_KEY = 'very-secret-lifi-key';

let world: World;
let actors: Actors;
let server: LifiLoopbackServer;
let home: WorldChain;
let away: WorldChain;
let owner: Address;
let options: LifiBridgeOptions;
let bridge: ReturnType<typeof lifiBridge>;
/** Pauses that the adapter made between attempts, in milliseconds. */
let pauses: number[];

const impatient: Clock = { now: clock.now, sleep: async (milliseconds) => void pauses.push(milliseconds) };

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  actors = await world.startActors({ only: [] });
  [home, away] = world.chains as [WorldChain, WorldChain];
  owner = world.accounts.trader.address;
  server = await startLifiLoopbackServer(world, acrossOf(world));
  options = lifiOptions();
  bridge = lifiBridge(options);
}, 120_000);

beforeEach(() => {
  pauses = [];
});

afterEach(() => server.misbehave());

afterAll(async () => {
  await server?.close();
  await world?.close();
});

function acrossOf({ accounts, chains }: World): AcrossAdapter {
  const views = chainsOf(world);
  const byId = Object.fromEntries(
    chains.map(({ contracts, id }) => [id, { chain: views[id]!, spokePool: contracts.acrossSpokePool }]),
  );
  const schedule = () => ({
    capitalPpm: 300,
    liquidityProviderPpm: 100,
    gasAtoms: 20_000n,
    minDepositAtoms: 1_000_000n,
    expectedFillSeconds: 2,
  });
  const lanes = [{ from: home.tokens.USDC, to: away.tokens.USDC }];
  return across({
    chains: byId,
    lanes,
    fees: scheduledAcrossFees({ chains: byId, relayer: accounts.relayer.address, schedule }),
    clock,
  });
}

function lifiOptions(): LifiBridgeOptions {
  const views = chainsOf(world);
  return {
    integrator: 'evenkeel-tests',
    apiUrl: server.apiUrl,
    apiKey: API_KEY,
    chains: Object.fromEntries(
      world.chains.map(({ contracts, id }) => [
        id,
        { chain: views[id]!, targets: [contracts.acrossSpokePool, contracts.uniswapV3SwapRouter02] },
      ]),
    ),
    lanes: [{ from: home.tokens.USDC, to: away.tokens.USDC }],
    clock: impatient,
    patience: { timeoutMs: 2_000 },
  };
}

async function request(change: Partial<QuoteRequest> = {}): Promise<QuoteRequest> {
  return {
    input: { token: home.tokens.USDC, atoms: 100_000_000n },
    tokenOut: away.tokens.USDC,
    sender: owner,
    recipient: owner,
    slippageBps: 50,
    deadline: (await world.clockSeconds()) + 7_200,
    ...change,
  };
}

const change = <T extends LiFiStep | StatusResponse>(change: (body: T) => void) =>
  ({ kind: 'change', change }) as const;

async function send(quote: Quote): Promise<Hex> {
  const calls = bridge.build({ kind: 'quote', quote, sender: owner, recipient: owner, deadline: 9e12 });
  return sendCalls(world, world.accounts.trader, calls);
}

/** A fresh adapter and a transfer that was only ever text in between: what a restart leaves. */
function trackAfterRestart(quote: Quote, hash: Hex): ReturnType<typeof bridge.track> {
  return lifiBridge(lifiOptions()).track(throughJournal(transferOf(quote, hash)), never);
}

describe('as a bridge', () => {
  test('quotes with fees that add up, and leaves the request as it was', async () => {
    const asked = Object.freeze(await request());
    const text = JSON.stringify(asked, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
    const quote = await bridge.quote(asked, never);
    const fees = quote.fees.filter((fee) => fee.included).reduce((sum, fee) => sum + fee.amount.atoms, 0n);
    expect(quote.output.atoms).toBe(quote.input.atoms - fees);
    expect(quote.fees.map(({ kind }) => kind)).toEqual(['relayer', 'liquidity-provider']);
    expect(quote).toMatchObject({ adapter: 'lifi', kind: 'bridge', onFailure: 'refund-by-claim' });
    expect(JSON.stringify(asked, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item))).toBe(text);
    expect(server.requests.at(-1)!.headers['x-lifi-api-key']).toBe(API_KEY);
  });

  test('carries the money over and leaves no allowance', async () => {
    const quote = await bridge.quote(await request(), never);
    const before = await balanceOf(away, away.tokens.USDC, owner);
    const calls = bridge.build({ kind: 'quote', quote, sender: owner, recipient: owner, deadline: 9e12 });
    expect(calls.map(({ purpose }) => purpose)).toEqual(['approve', 'action', 'revoke']);
    const hash = await send(quote);
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'pending' });
    await actors.acrossRelayer.tick();
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({
      state: 'filled',
      received: { atoms: quote.output.atoms },
    });
    expect((await balanceOf(away, away.tokens.USDC, owner)) - before).toBe(quote.output.atoms);
  });

  test('follows an expired transfer to its refund', async () => {
    actors.acrossRelayer.behave({ ignore: () => true });
    const quote = await bridge.quote(await request(), never);
    const hash = await send(quote);
    await world.advance(3_700);
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({ state: 'refund-pending', needsClaim: false });
    for (let bundle = 0; bundle < 2; bundle += 1) {
      await actors.acrossDataworker.tick();
      await world.advance(700);
      await actors.acrossDataworker.tick();
    }
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({
      state: 'refunded',
      received: { token: { chainId: home.id }, atoms: quote.input.atoms },
    });
    actors.acrossRelayer.behave({ ignore: () => false });
  });

  test('does not believe that a transfer is done before the chain shows the payment', async () => {
    const quote = await bridge.quote(await request(), never);
    const hash = await send(quote);
    const lie = change<StatusResponse>((body) =>
      Object.assign(body, {
        status: 'DONE',
        substatus: 'COMPLETED',
        receiving: {
          chainId: away.id,
          txHash: `0x${'ab'.repeat(32)}`,
          amount: '99940000',
          token: { ...away.tokens.USDC, name: 'USDC', priceUSD: '1' },
        },
      }),
    );
    server.misbehave(lie);
    const status = await trackAfterRestart(quote, hash);
    expect(status).toMatchObject({ state: 'pending', reason: expect.stringContaining('does not show') as string });
  });

  test('a transfer that LI.FI gives up still has its money somewhere', async () => {
    const quote = await bridge.quote(await request(), never);
    const hash = await send(quote);
    server.misbehave(change((body: StatusResponse) => Object.assign(body, { status: 'FAILED', substatus: 'EXPIRED' })));
    await expect(trackAfterRestart(quote, hash)).resolves.toMatchObject({
      state: 'refund-pending',
      needsClaim: true,
      reason: 'LI.FI gave the transfer up: the offer had expired',
    });
  });
});

describe('a lie is refused', () => {
  const stranger = `0x${'66'.repeat(20)}`;
  const estimate = (body: LiFiStep): Record<string, unknown> => body.estimate as unknown as Record<string, unknown>;

  test.each<[string, (body: LiFiStep) => void, string, string]>([
    ['a foreign target', (body) => (body.transactionRequest!.to = stranger), 'FOREIGN_TARGET', 'transactionRequest.to'],
    [
      'a foreign spender',
      (body) => (estimate(body)['approvalAddress'] = stranger),
      'FOREIGN_TARGET',
      'estimate.approvalAddress',
    ],
    ['another recipient', (body) => (body.action.toAddress = stranger), 'QUOTE_INCONSISTENT', 'action.toAddress'],
    ['another amount', (body) => (body.action.fromAmount = '1'), 'QUOTE_INCONSISTENT', 'action.fromAmount'],
    [
      'other decimals',
      (body) => (body.action.toToken = { ...body.action.toToken, decimals: 18 }),
      'QUOTE_INCONSISTENT',
      'action.toToken',
    ],
    [
      'a hidden fee',
      (body) => {
        const less = (BigInt(body.estimate.toAmount) - 500_000n).toString();
        for (const each of [body.estimate, body.includedSteps[0]!.estimate]) {
          Object.assign(each, { toAmount: less, toAmountMin: less });
        }
      },
      'QUOTE_INCONSISTENT',
      'estimate.toAmount',
    ],
    [
      'a value that no fee explains',
      (body) => (body.transactionRequest!.value = '0x1'),
      'QUOTE_INCONSISTENT',
      'transactionRequest.value',
    ],
    [
      'less tolerance than was asked for',
      (body) => (estimate(body)['toAmountMin'] = '1'),
      'QUOTE_INCONSISTENT',
      'estimate.toAmountMin',
    ],
    [
      'another end than its steps',
      (body) => Object.assign(body.includedSteps[0]!, { estimate: { ...body.estimate, toAmount: '1' } }),
      'QUOTE_INCONSISTENT',
      'includedSteps',
    ],
  ])('%s', async (_, lie, code, field) => {
    server.misbehave(change(lie));
    await expect(bridge.quote(await request(), never)).rejects.toMatchObject({ code, field });
  });

  test.each<[string, (body: LiFiStep) => void]>([
    ['a negative amount', (body) => (body.estimate.toAmount = '-5')],
    ['NaN', (body) => (body.estimate.toAmount = 'NaN')],
    ['no transaction', (body) => delete body.transactionRequest],
    ['no steps', (body) => (body.includedSteps = [])],
  ])('%s is garbage', async (_, lie) => {
    server.misbehave(...Array.from({ length: 3 }, () => change(lie)));
    await expect(bridge.quote(await request(), never)).rejects.toMatchObject({ code: 'SERVICE_GARBAGE' });
  });

  test('a payload that was changed on its way is refused by build', async () => {
    const quote = await bridge.quote(await request(), never);
    const payload = { ...(quote.payload as Record<string, string>), to: stranger };
    const fill = {
      kind: 'quote',
      quote: { ...quote, payload },
      sender: owner,
      recipient: owner,
      deadline: 9e12,
    } as const;
    expect(() => bridge.build(fill)).toThrow(expect.objectContaining({ code: 'FOREIGN_TARGET' }));
  });
});

describe('the service', () => {
  test('is left alone for as long as it asks, then asked again', async () => {
    server.misbehave(
      { kind: 'http', status: 429, headers: { 'retry-after': '3' } },
      { kind: 'http', status: 429, headers: { 'retry-after': new Date(Date.now() + 2_500).toUTCString() } },
    );
    await expect(bridge.quote(await request(), never)).resolves.toMatchObject({ adapter: 'lifi' });
    expect(pauses[0]).toBe(3_000);
    expect(pauses[1]).toBeLessThanOrEqual(3_000);
    expect(pauses).toHaveLength(2);
  });

  test('that wants a long rest gets it from the caller, who is told how long', async () => {
    server.misbehave({ kind: 'http', status: 429, headers: { 'ratelimit-reset': '7200' }, body: { code: 1005 } });
    await expect(bridge.quote(await request(), never)).rejects.toMatchObject({
      code: 'SERVICE_RATE_LIMITED',
      retryable: true,
      retryAfterSeconds: 7_200,
      details: { serviceCode: 1005, requestId: 'loopback-1' },
    });
    expect(pauses).toEqual([]);
  });

  test('that fails is asked again with growing pauses, by one policy only', async () => {
    const before = server.requests.length;
    const down = { kind: 'http', status: 500, body: { code: 1006, message: 'down' } } as const;
    server.misbehave(down, down, down);
    await expect(bridge.quote(await request(), never)).rejects.toMatchObject({
      code: 'SERVICE_UNREACHABLE',
      details: { serviceCode: 1006, httpStatus: 500, requestId: 'loopback-1' },
    });
    expect(pauses).toEqual([500, 1_000]);
    expect(server.requests.length - before).toBe(3);
  });

  test('that finds no route says why, once', async () => {
    const body = { code: 1002, message: 'No available quotes', errors: { failed: [{ tool: 'across' }] } };
    server.misbehave({ kind: 'http', status: 404, body });
    await expect(bridge.quote(await request(), never)).rejects.toMatchObject({
      code: 'NO_ROUTE',
      details: { errors: body.errors },
    });
    expect(pauses).toEqual([]);
  });

  test('that answers HTML or hangs is an error, never a value', async () => {
    const html = { kind: 'text', text: '<html>' } as const;
    server.misbehave(html, html, html);
    await expect(bridge.quote(await request(), never)).rejects.toMatchObject({ code: 'SERVICE_GARBAGE' });
    server.misbehave({ kind: 'hang' });
    const hasty = lifiBridge({ ...options, patience: { timeoutMs: 50, retries: 0 } });
    await expect(hasty.quote(await request(), never)).rejects.toMatchObject({ code: 'SERVICE_TIMEOUT' });
  });

  test('is given up at once when the caller gives up', async () => {
    server.misbehave({ kind: 'hang' });
    const controller = new AbortController();
    const asked = bridge.quote(await request(), controller.signal);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('never sees its key again in an error', async () => {
    server.misbehave({ kind: 'http', status: 400, body: { code: 1011, message: 'bad' } });
    const error: unknown = await bridge.quote(await request(), never).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EvenkeelError);
    expect(everyString(error).join('\n')).not.toContain(API_KEY);
  });
});

describe('as a venue', () => {
  test('swaps on one chain for at least what was quoted, and leaves no allowance', async () => {
    const venue = lifiVenue(options);
    const input = { token: home.tokens.USDC, atoms: 1_000_000_000n };
    const quote = await venue.quote(await request({ input, tokenOut: home.tokens.WETH }), never);
    const before = await balanceOf(home, home.tokens.WETH, owner);
    const calls = venue.build({ kind: 'quote', quote, sender: owner, recipient: owner, deadline: 9e12 });
    for (const { purpose, to } of calls) {
      if (purpose === 'action') expect(venue.targets(home.id)).toContain(to);
    }
    await sendCalls(world, world.accounts.trader, calls);
    expect((await balanceOf(home, home.tokens.WETH, owner)) - before).toBe(quote.output.atoms);
    expect(quote).toMatchObject({ kind: 'venue', onFailure: 'revert', adapter: 'lifi-swap' });
    expect(quote.minReceived * 10_000n).toBeGreaterThanOrEqual(quote.output.atoms * 9_950n);
    expect(quote.minReceived).toBeLessThan(quote.output.atoms);
  });

  test('refuses a deadline that its calldata cannot keep', async () => {
    const venue = lifiVenue(options);
    const quote = await venue.quote(await request({ tokenOut: home.tokens.WETH }), never);
    const fill = { kind: 'quote', quote, sender: owner, recipient: owner, deadline: quote.validUntil - 1 } as const;
    expect(() => venue.build(fill)).toThrow(expect.objectContaining({ code: 'FILL_MISMATCH', field: 'fill.deadline' }));
  });

  test('does not cross chains', async () => {
    await expect(lifiVenue(options).quote(await request(), never)).rejects.toMatchObject({ code: 'LANE_UNSUPPORTED' });
  });
});

/** All text that hangs on a value anyhow, hidden properties and causes included. */
function everyString(value: unknown, seen: Set<unknown> = new Set()): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  return Reflect.ownKeys(value).flatMap((key) => everyString(Reflect.get(value, key), seen));
}
