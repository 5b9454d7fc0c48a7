import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Contract, TypedDataEncoder, verifyTypedData } from 'ethers';
import type { Hex } from '@evenkeel/core';
import { type Gpv2Order, orderTypedData, orderUid, unpackOrderUid } from '@evenkeel/adapters/gpv2';
import type { CowSolver, WorldChain } from '@evenkeel/devnet';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface CowOrderBookLoopbackServer {
  /** What the adapter takes for `https://api.cow.fi/mainnet`. */
  readonly url: string;
  /** Method and path of every request so far. */
  readonly requests: readonly string[];
  /** Answers the next requests with these, whatever they ask. */
  answer(...answers: readonly Answer[]): void;
  /** Uids of the orders that it still shows to solvers. */
  open(): readonly string[];
  close(): Promise<void>;
}

/** How long a quote holds. */
const QUOTE_MS = 60_000;

/** What a network costs, taken for the estimate of a quote: atoms of the sold token, in thousandths. */
const FEE_PERMILLE = 1n;

/**
 * A LOOPBACK SERVER, not CoW Protocol's: it speaks `POST /quote`, `POST /orders` and `DELETE /orders` of the order book's
 * API, checks signatures as that does, and shows orders to the solver of the world, which settles them for real.
 */
export async function startCowOrderBook(chain: WorldChain, solver: CowSolver): Promise<CowOrderBookLoopbackServer> {
  const domain = { chainId: chain.id, settlement: chain.contracts.cowSettlement };
  const requests: string[] = [];
  const shown = new Set<string>();
  let answers: readonly Answer[] = [];

  const quote = async (body: Record<string, string>): Promise<Answer> => {
    const sellAmountBeforeFee = BigInt(body['sellAmountBeforeFee']!);
    const feeAmount = (sellAmountBeforeFee * FEE_PERMILLE) / 1000n;
    const { buyToken, sellToken } = body as Record<string, Hex>;
    const sellAmount = sellAmountBeforeFee - feeAmount;
    const ask = { chainId: chain.id, sellToken: sellToken!, buyToken: buyToken!, sellAmount };
    const buyAmount = await solver.quote(ask);
    if (buyAmount === undefined) return refusal(404, 'NoLiquidity');
    const { appData, from, receiver, validTo } = body;
    const order = { sellToken, buyToken, receiver, validTo, appData, kind: 'sell', partiallyFillable: false };
    const amounts = { sellAmount: `${sellAmount}`, buyAmount: `${buyAmount}`, feeAmount: `${feeAmount}` };
    const expiration = new Date(Date.now() + QUOTE_MS).toISOString();
    return { status: 200, body: { quote: { ...order, ...amounts }, from, expiration, id: 7, verified: true } };
  };

  const post = async (body: Record<string, never>): Promise<Answer> => {
    const {
      appData: document,
      appDataHash,
      from,
      quoteId,
      signature,
      signingScheme,
      ...rest
    } = body as Record<string, string>;
    const order = {
      ...rest,
      appData: appDataHash,
      sellAmount: BigInt(rest['sellAmount']!),
      buyAmount: BigInt(rest['buyAmount']!),
      feeAmount: BigInt(rest['feeAmount']!),
    } as unknown as Gpv2Order;
    const owner = from as Hex;
    const uid = orderUid(domain, order, owner);
    if (shown.has(uid)) return refusal(400, 'DuplicatedOrder');
    if (order.feeAmount !== 0n) return refusal(400, 'NonZeroFee');
    const scheme = signingScheme as 'eip712' | 'eip1271';
    const digest = unpackOrderUid(uid).digest;
    const signed =
      scheme === 'eip712' ? isSignedBy(order, signature!, owner) : await isSignedByContract(digest, signature!, owner);
    if (!signed) return refusal(400, 'InvalidSignature');
    if (document === undefined || quoteId === undefined) return refusal(400, 'InvalidAppData');
    await solver.add({ ...order, chainId: chain.id, uid, owner, scheme, signature: signature as Hex });
    shown.add(uid);
    return { status: 201, body: uid };
  };

  const isSignedBy = (order: Gpv2Order, signature: string, owner: string): boolean => {
    const { domain: signedDomain, types } = orderTypedData(domain, order);
    try {
      return verifyTypedData({ ...signedDomain }, { Order: [...types['Order']!] }, order, signature) === owner;
    } catch {
      return false;
    }
  };
  const isSignedByContract = async (digest: string, signature: string, owner: string): Promise<boolean> => {
    const contract = new Contract(
      owner,
      ['function isValidSignature(bytes32, bytes) view returns (bytes4)'],
      chain.provider,
    );
    return (await contract.getFunction('isValidSignature')(digest, signature)) === '0x1626ba7e';
  };

  const cancel = async (body: { orderUids: string[]; signature: string; signingScheme: string }): Promise<Answer> => {
    const types = { OrderCancellations: [{ name: 'orderUids', type: 'bytes[]' }] };
    const signedDomain = {
      name: 'Gnosis Protocol',
      version: 'v2',
      chainId: chain.id,
      verifyingContract: domain.settlement,
    };
    const message = { orderUids: body.orderUids };
    for (const uid of body.orderUids) {
      const { owner } = unpackOrderUid(uid as Hex);
      const signed =
        body.signingScheme === 'eip712'
          ? verifyTypedData(signedDomain, types, message, body.signature) === owner
          : await isSignedByContract(TypedDataEncoder.hash(signedDomain, types, message), body.signature, owner);
      if (!signed) return refusal(401, 'WrongOwner');
      if (!shown.delete(uid)) return refusal(404, 'OrderNotFound');
      solver.drop(uid as Hex);
    }
    return { status: 200, body: 'Cancelled' };
  };

  const server: Server = createServer((request, response) => {
    void (async () => {
      const path = request.url!.replace('/api/v1/', '');
      requests.push(`${request.method} ${path}`);
      const body = await bodyOf(request);
      const [next, ...rest] = answers;
      answers = rest;
      const routes: Record<string, () => Promise<Answer>> = {
        'POST quote': () => quote(body as never),
        'POST orders': () => post(body as never),
        'DELETE orders': () => cancel(body as never),
      };
      const route = routes[`${request.method} ${path}`];
      const answer = next ?? (await (route === undefined ? Promise.resolve(refusal(404, 'NotFound')) : route()));
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(
        typeof answer.body === 'string' && answer.body.startsWith('<') ? answer.body : JSON.stringify(answer.body),
      );
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (...next) => {
      answers = next;
    },
    open: () => [...shown],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function refusal(status: number, errorType: string): Answer {
  return { status, body: { errorType, description: `loopback: ${errorType}` } };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}
