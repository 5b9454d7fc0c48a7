import type { Address, Clock, Lane } from '@evenkeel/core';
import { acrossApiFees, type AcrossFeeSource } from '@evenkeel/adapters/across';
import {
  type AcrossApiLoopbackServer,
  startAcrossApiLoopbackServer,
  suggestedFees,
} from './across-api-loopback-server.js';

const SPOKE = `0x${'5a'.repeat(20)}` as Address;
const token = (chainId: number): Lane['from'] => ({
  chainId,
  address: `0x${chainId.toString().padStart(40, '0')}`,
  symbol: 'USDC',
  decimals: 6,
});
const lane: Lane = { from: token(1), to: token(10) };
const request = { lane, inputAtoms: 100_000_000n, recipient: SPOKE, message: '0x' } as const;
const never = new AbortController().signal;

let server: AcrossApiLoopbackServer;
let fees: AcrossFeeSource;
let pauses: number[];
const clock: Clock = { now: () => 1_700_000_000_000, sleep: async (milliseconds) => void pauses.push(milliseconds) };

beforeAll(async () => {
  server = await startAcrossApiLoopbackServer();
  fees = acrossApiFees({ apiUrl: server.apiUrl, clock });
});

beforeEach(() => {
  pauses = [];
});

afterAll(() => server.close());

test('reads fees, times and what relayers can pay at once', async () => {
  server.answer({ body: suggestedFees(SPOKE, { fillDeadline: '1700003600' }) });
  await expect(fees.fees(request, never)).resolves.toEqual({
    relayerCapitalAtoms: 30_000n,
    relayerGasAtoms: 20_000n,
    liquidityProviderAtoms: 10_000n,
    quoteTimestamp: 1_700_000_000,
    fillDeadline: 1_700_003_600,
    exclusiveRelayer: '0x0000000000000000000000000000000000000000',
    exclusivityParameter: 0,
    expectedFillSeconds: 4,
    originSpokePool: SPOKE,
    limits: { min: 1_000_000n, max: 500_000_000_000n, reason: expect.stringContaining('at once') as string },
  });
  const asked = server.requests.at(-1)!;
  expect(asked.pathname).toBe('/api/suggested-fees');
  expect(Object.fromEntries(asked.searchParams)).toEqual({
    inputToken: lane.from.address,
    outputToken: lane.to.address,
    originChainId: '1',
    destinationChainId: '10',
    amount: '100000000',
    recipient: SPOKE,
  });
});

test('asks for the price of a message, and for limits without an amount', async () => {
  server.answer({ body: suggestedFees(SPOKE) });
  await fees.fees({ ...request, message: '0x1234' }, never);
  expect(server.requests.at(-1)!.searchParams.get('message')).toBe('0x1234');
  server.answer({ body: { minDeposit: '5', maxDeposit: '9', maxDepositInstant: '7' } });
  await expect(fees.limits(lane, never)).resolves.toMatchObject({ min: 5n, max: 7n });
  expect(server.requests.at(-1)!.pathname).toBe('/api/limits');
});

test.each<[string, Record<string, unknown>, string]>([
  ['fees that do not add up', { totalRelayFee: { total: '59999' } }, 'QUOTE_INCONSISTENT'],
  ['an amount that is too low', { isAmountTooLow: true }, 'SERVICE_REFUSED'],
  ['a negative fee', { lpFee: { total: '-1' } }, 'SERVICE_GARBAGE'],
  ['a fee in floating point', { lpFee: { total: 1.5 } }, 'SERVICE_GARBAGE'],
  ['no SpokePool', { spokePoolAddress: undefined }, 'SERVICE_GARBAGE'],
])('refuses %s', async (_, change, code) => {
  server.answer({ body: suggestedFees(SPOKE, change) });
  await expect(fees.fees(request, never)).rejects.toMatchObject({ code });
});

test('keeps the code and the request id of a refusal', async () => {
  server.answer({ status: 400, body: { code: 'AMOUNT_TOO_HIGH', message: 'Amount exceeds max. deposit limit' } });
  await expect(fees.fees(request, never)).rejects.toMatchObject({
    code: 'SERVICE_REFUSED',
    retryable: false,
    details: { serviceCode: 'AMOUNT_TOO_HIGH', requestId: 'loopback-7', httpStatus: 400 },
  });
});

test('waits as long as it is asked to, and tries again', async () => {
  server.answer(
    { status: 429, headers: { 'retry-after': '2' }, body: {} },
    { status: 503, body: '<html>' },
    { body: suggestedFees(SPOKE) },
  );
  await expect(fees.fees(request, never)).resolves.toMatchObject({ expectedFillSeconds: 4 });
  expect(pauses).toEqual([2_000, 1_000]);
});

test('HTML, a dead server and an abort are errors of ours', async () => {
  server.answer({ body: '<html>' });
  await expect(fees.fees(request, never)).rejects.toMatchObject({ code: 'SERVICE_GARBAGE', retryable: true });
  const dead = acrossApiFees({ apiUrl: 'http://127.0.0.1:9', clock, patience: { retries: 0 } });
  await expect(dead.fees(request, never)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
  await expect(fees.fees(request, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
});
