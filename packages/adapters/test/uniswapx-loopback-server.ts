import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AbiCoder, keccak256 } from 'ethers';
import { dutchOrderHash } from '@evenkeel/adapters/uniswapx';
import type { Address, Hex } from '@evenkeel/core';
import type { UniswapXFiller, WorldChain } from '@evenkeel/devnet';

export interface UniswapXLoopbackServer {
  /** What the adapter takes for the service. */
  readonly url: string;
  /** Path, body and key of every request so far. */
  readonly requests: readonly {
    readonly path: string;
    readonly body: Record<string, unknown>;
    readonly key: unknown;
  }[];
  /** Answers the next requests with these, whatever they ask. */
  answer(...answers: readonly { readonly status: number; readonly text: string }[]): void;
  close(): Promise<void>;
}

/**
 * A LOOPBACK SERVER, not Uniswap's: it speaks `POST /quote`, `POST /order` and `POST /hard-quote` as the published services
 * of UniswapX do, and hands orders to the filler of the world, which fills them on the real reactors.
 */
export async function startUniswapXService(chain: WorldChain, filler: UniswapXFiller): Promise<UniswapXLoopbackServer> {
  const requests: { path: string; body: Record<string, unknown>; key: unknown }[] = [];
  const answers: { readonly status: number; readonly text: string }[] = [];
  const { uniswapXExclusiveDutchReactor, uniswapXV2DutchReactor } = chain.contracts;

  const respond = async (path: string, body: Record<string, string>): Promise<{ status: number; body: unknown }> => {
    switch (path) {
      case '/quote': {
        const { amount, requestId, swapper, tokenIn, tokenOut } = body;
        const asked = { tokenIn: tokenIn as Address, tokenOut: tokenOut as Address, amountIn: BigInt(amount!) };
        const quote = await filler.quote({ chainId: chain.id, ...asked });
        if (quote === undefined)
          return { status: 404, body: { detail: 'No quotes available', errorCode: 'QUOTE_ERROR' } };
        const filled = quote.exclusivity === undefined ? {} : { filler: quote.exclusivity.filler };
        const amounts = { amountIn: amount, amountOut: quote.amountOut.toString() };
        return {
          status: 200,
          body: { chainId: chain.id, requestId, tokenIn, tokenOut, swapper, ...amounts, ...filled },
        };
      }
      case '/order': {
        const { encodedOrder, signature } = body as Record<string, Hex>;
        const orderHash = keccak256(encodedOrder!) as Hex;
        const reactor = uniswapXExclusiveDutchReactor;
        const offer = { kind: 'exclusive-dutch', chainId: chain.id, reactor, orderHash } as const;
        await filler.take({ ...offer, encodedOrder: encodedOrder!, signature: signature! });
        return { status: 201, body: { hash: orderHash } };
      }
      case '/hard-quote': {
        const { encodedInnerOrder, innerSig } = body as Record<string, Hex>;
        const orderHash = hashOf(chain, encodedInnerOrder!);
        const offer = { kind: 'v2-dutch', chainId: chain.id, reactor: uniswapXV2DutchReactor, orderHash } as const;
        const taken = await filler.take({ ...offer, encodedOrder: encodedInnerOrder!, signature: innerSig! });
        return { status: 200, body: { chainId: chain.id, encodedOrder: taken.cosignedOrder, orderHash } };
      }
      default:
        return { status: 404, body: { detail: 'no such path' } };
    }
  };

  const server = createServer((request, response) => {
    void (async () => {
      const body = JSON.parse(await textOf(request)) as Record<string, string>;
      requests.push({ path: request.url!, body, key: request.headers['x-api-key'] });
      const stated = answers.shift();
      if (stated !== undefined) return response.writeHead(stated.status).end(stated.text);
      const answer = await respond(request.url!, body);
      return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    })().catch((error: unknown) => response.writeHead(500).end(JSON.stringify({ detail: String(error) })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (...next) => void answers.push(...next),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const V2_ORDER =
  'tuple(tuple(address,address,uint256,uint256,address,bytes), address, tuple(address,uint256,uint256), tuple(address,uint256,uint256,address)[], tuple(uint256,uint256,address,uint256,uint256,uint256[]), bytes)';

/** What the swapper has signed: the cosigner signs over it, too. */
function hashOf({ contracts, id: chainId }: WorldChain, encodedOrder: Hex): Hex {
  type Decoded = readonly [
    [Address, Address, bigint, bigint],
    Address,
    [Address, bigint],
    [[Address, bigint, bigint, Address]],
  ];
  const [order] = AbiCoder.defaultAbiCoder().decode([V2_ORDER], encodedOrder) as unknown as [Decoded];
  const [[reactor, swapper, nonce, deadline], cosigner, [tokenIn, atoms], [[token, startAtoms, endAtoms, recipient]]] =
    order;
  return dutchOrderHash({
    kind: 'v2-dutch',
    chainId,
    permit2: contracts.permit2,
    reactor,
    swapper,
    nonce,
    deadline: Number(deadline),
    input: { token: tokenIn, atoms },
    output: { token, startAtoms, endAtoms, recipient },
    cosigner,
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
