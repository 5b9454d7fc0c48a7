import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AcrossApiAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

export interface AcrossApiLoopbackServer {
  /** What the fee source takes for `https://app.across.to/api`. */
  readonly apiUrl: string;
  /** Path and query of every request so far. */
  readonly requests: readonly URL[];
  /** Answers, one after another; the last one stays. */
  answer(...answers: readonly AcrossApiAnswer[]): void;
  close(): Promise<void>;
}

/** Members of `GET /suggested-fees` for a deposit of 100 USDC that the other members of the real answer do not change. */
export function suggestedFees(spokePoolAddress: string, change: Record<string, unknown> = {}): Record<string, unknown> {
  const fee = (total: string): Record<string, string> => ({ pct: '0', total });
  return {
    estimatedFillTimeSec: 4,
    totalRelayFee: fee('60000'),
    relayerCapitalFee: fee('30000'),
    relayerGasFee: fee('20000'),
    lpFee: fee('10000'),
    timestamp: '1700000000',
    isAmountTooLow: false,
    quoteBlock: '123',
    exclusiveRelayer: '0x0000000000000000000000000000000000000000',
    exclusivityDeadline: 0,
    spokePoolAddress,
    limits: {
      minDeposit: '1000000',
      maxDeposit: '900000000000',
      maxDepositInstant: '500000000000',
      maxDepositShortDelay: '700000000000',
    },
    ...change,
  };
}

/** A LOOPBACK SERVER, not Across: it speaks `GET /suggested-fees` and `GET /limits` as docs.across.to describes them. */
export async function startAcrossApiLoopbackServer(): Promise<AcrossApiLoopbackServer> {
  const requests: URL[] = [];
  let answers: readonly AcrossApiAnswer[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(new URL(request.url!, 'http://loopback'));
    const [next, ...rest] = answers;
    if (rest.length > 0) answers = rest;
    const body = next?.body ?? {};
    response.writeHead(next?.status ?? 200, { 'x-request-id': 'loopback-7', ...next?.headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    requests,
    answer: (...next) => {
      answers = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
