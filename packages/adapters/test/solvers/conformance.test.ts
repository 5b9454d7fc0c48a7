import { setMaxListeners } from 'node:events';
import { type Check, runChecks, solverConformance, type SolverSubject } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import type { Bid, SolverAdapter } from '@evenkeel/core';
import type { WorldSnapshot } from '@evenkeel/devnet';
import { type CowOrderBookLoopbackServer, startCowOrderBook } from '../cow-order-book-loopback-server.js';
import { never } from '../support/bridge-world.js';
import { openSolverBench, type SolverBench } from './bench.js';
import { cowOn, solverSubject, uniswapXOn } from './networks.js';

jest.setTimeout(120_000);
// Many checks in a row listen to the signals of one run.
setMaxListeners(0);

let bench: SolverBench;
let start: WorldSnapshot;
let book: CowOrderBookLoopbackServer;

beforeAll(async () => {
  bench = await openSolverBench();
  start = await bench.world.snapshot();
  book = await startCowOrderBook(bench.home, bench.actors.cowSolver);
});
afterAll(async () => {
  await book?.close();
  await bench?.world.close();
});

const good = (): SolverAdapter => uniswapXOn(bench, 'exclusive-dutch');

describeConformance(
  'uniswapx with exclusive Dutch orders',
  solverConformance(() => solverSubject(bench, good(), start)),
);
describeConformance(
  'uniswapx with V2 Dutch orders',
  solverConformance(() => solverSubject(bench, uniswapXOn(bench, 'v2-dutch'), start)),
);
describeConformance(
  'cow',
  solverConformance(() => solverSubject(bench, cowOn(bench, book), start)),
);

/** Whether a spoiled adapter fails the check that is named. */
async function failuresOf(spoil: (good: SolverAdapter) => Partial<SolverAdapter>, only: string): Promise<string[]> {
  const adapter = good();
  const subject: SolverSubject = {
    ...solverSubject(bench, Object.freeze({ ...adapter, ...spoil(adapter) }), start),
    patience: { timeoutMs: 2_000, abortMs: 200 },
  };
  const results = await runChecks(solverConformance(subject).filter(({ name }: Check) => name === only));
  return results.filter(({ status }) => status === 'failed').map(({ name }) => name);
}

const bidding =
  (change: (bid: Bid) => Partial<Bid>) =>
  (adapter: SolverAdapter): Partial<SolverAdapter> => ({
    bid: async (request, signal) => {
      const bid = await adapter.bid(request, signal);
      return bid === undefined ? undefined : frozen({ ...bid, ...change(bid) });
    },
  });

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

describe('an adapter that does not keep to the port is found out when it', () => {
  it.each<readonly [string, string, (good: SolverAdapter) => Partial<SolverAdapter>]>([
    ['is of another kind', 'identity-is-stable', () => ({ kind: 'venue' as never })],
    ['has no usable id', 'identity-is-stable', () => ({ id: 'My Network' })],
    [
      'promises more than its order enforces',
      'bid-holds-against-the-request',
      bidding(({ guaranteedOutput }) => ({
        guaranteedOutput: { ...guaranteedOutput, atoms: guaranteedOutput.atoms + 1n },
      })),
    ],
    ['answers nothing', 'bid-holds-against-the-request', () => ({ bid: () => Promise.resolve(undefined) })],
    ['signs for a contract that it does not name', 'bid-holds-against-the-request', () => ({ targets: () => [] })],
    [
      'has one order for all children',
      'bid-names-its-intent',
      bidding(({ typedData }) => ({ typedData: { ...typedData, message: { any: 1 } } })),
    ],
    [
      'gives the domain a type',
      'typed-data-is-for-signers',
      bidding(({ typedData }) => ({ typedData: { ...typedData, types: { ...typedData.types, EIP712Domain: [] } } })),
    ],
    [
      'wants an approval of everything',
      'approvals-are-exact',
      bidding(({ approvals }) => ({
        approvals: approvals.map((call) => ({
          ...call,
          data: `${call.data.slice(0, 74)}${'f'.repeat(64)}` as `0x${string}`,
        })),
      })),
    ],
    [
      'bids for whatever it is asked',
      'bid-refuses-what-the-intent-does-not-cover',
      (adapter) => ({
        bid: (request, signal) => {
          const { chainId } = request.input.token;
          const spending = [
            { chainId, token: request.input.token.address, maxSpend: 10n ** 30n, recipient: request.recipient },
          ];
          return adapter.bid({ ...request, intent: { ...request.intent, spending, adapters: ['uniswapx'] } }, signal);
        },
      }),
    ],
    ['ignores its signal', 'bid-heeds-its-signal', (adapter) => ({ bid: (request) => adapter.bid(request, never) })],
    [
      'names its orders anew each time',
      'order-is-pure-and-plain',
      (adapter) => {
        let count = 0;
        return {
          orderOf: (bid, signature) => frozen({ ...adapter.orderOf(bid, signature), id: String((count += 1)) }),
        };
      },
    ],
    [
      'takes any payload',
      'order-refuses-a-foreign-payload',
      () => ({
        orderOf: ({ adapter, child, guaranteedOutput, id, input, payload }) =>
          frozen({ adapter, child, guaranteedOutput, id, input, payload, sinceBlock: 0, calls: [] }),
      }),
    ],
    [
      'says more arrived than did',
      'fill-moves-what-it-says',
      (adapter) => ({
        track: async (order, signal) => {
          const status = await adapter.track(order, signal);
          if (status.state !== 'filled') return status;
          return { ...status, received: { ...status.received, atoms: status.received.atoms + 1n } };
        },
      }),
    ],
    [
      'takes the end of an order for granted',
      'open-order-is-not-dead',
      () => ({
        proveDead: (order) => {
          const fills = { drawn: { ...order.input, atoms: 0n }, received: { ...order.guaranteedOutput, atoms: 0n } };
          const facts = { chainId: bench.home.id, blockNumber: 1, sentence: 'I asked.', surplus: 0n, txHashes: [] };
          return Promise.resolve({ reason: 'cancelled', ...fills, ...facts });
        },
      }),
    ],
    [
      'proves before it is final',
      'unfilled-order-expires',
      (adapter) => ({
        proveDead: async (order, signal) => {
          const status = await adapter.track(order, signal);
          if (status.state !== 'dead') return undefined;
          return { ...status, chainId: bench.home.id, blockNumber: 1, sentence: 'It is over.' };
        },
      }),
    ],
    [
      'does not cancel what it says it cancels',
      'cancelled-order-is-dead',
      (adapter) => ({
        cancel: async (order, signal) => {
          const { calls, request } = await adapter.cancel(order, signal);
          // The next bit: another nonce.
          const next = (BigInt(`0x${calls[0]!.data.slice(74)}`) << 1n) % (1n << 256n);
          const data = `${calls[0]!.data.slice(0, 74)}${next.toString(16).padStart(64, '0')}` as `0x${string}`;
          return { calls: [{ ...calls[0]!, data }], request };
        },
      }),
    ],
  ])('%s', async (_, check, spoil) => {
    expect(await failuresOf(spoil, check)).toEqual([check]);
  });
});
