import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FeeCost, LiFiStep, StatusResponse, Token as LifiToken } from '@lifi/types';
import { AbiCoder, Interface } from 'ethers';
import type { Address, Hex, Quote, Token, TokenAmount } from '@evenkeel/core';
import type { AcrossAdapter } from '@evenkeel/adapters/across';
import type { World, WorldChain } from '@evenkeel/devnet';
import { never, transferOf } from './support/bridge-world.js';

/** What goes wrong in the next answers: the HTTP answer itself, or the body of a good one. */
export type LifiFault =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: unknown;
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'change'; readonly change: (body: never) => void };

export interface LifiLoopbackServer {
  /** What the adapter takes for `https://li.quest/v1`. */
  readonly apiUrl: string;
  readonly requests: readonly { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** The next answers go wrong, one after another; then all is well again. Without faults: at once. */
  misbehave(...faults: readonly LifiFault[]): void;
  close(): Promise<void>;
}

const ROUTER = new Interface([
  'function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96)) payable returns (uint256)',
]);
const QUOTER = new Interface([
  'function quoteExactInputSingle((address tokenIn, address tokenOut, uint256 amountIn, uint24 fee, uint160 sqrtPriceLimitX96)) returns (uint256, uint160, uint32, uint256)',
]);
const POOL_FEE = 500;

/**
 * A LOOPBACK SERVER, not LI.FI: it speaks the REST contract of `GET /v1/quote` and `GET /v1/status` (types of
 * @lifi/types) for a local world, and its transaction requests are for the contracts that are really deployed there:
 * Across between two chains, Uniswap V3 on one.
 */
export async function startLifiLoopbackServer(world: World, bridge: AcrossAdapter): Promise<LifiLoopbackServer> {
  const faults: LifiFault[] = [];
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = [];
  /** Across quotes by the calldata of their deposit: how a status request finds what was quoted. */
  const quotes = new Map<string, Quote>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url!, 'http://loopback');
    requests.push({ path: `${url.pathname}${url.search}`, headers: request.headers });
    const fault = faults.shift();
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'http') return reply(response, fault.status, fault.body ?? {}, fault.headers);
    if (fault?.kind === 'text') return void response.writeHead(200).end(fault.text);
    const query = Object.fromEntries(url.searchParams);
    const body = url.pathname.endsWith('/quote')
      ? await quoteBody(world, bridge, quotes, query)
      : await statusBody(world, bridge, quotes, query);
    if (fault?.kind === 'change') fault.change(body as never);
    return reply(response, 200, body);
  };

  const server: Server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) =>
      reply(response, 404, { code: 1002, message: error instanceof Error ? error.message : String(error) }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    misbehave: (...next) => void faults.splice(0, faults.length, ...next),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function reply(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'loopback-1', ...headers });
  response.end(JSON.stringify(body));
}

type Query = Readonly<Record<string, string>>;

async function quoteBody(
  world: World,
  bridge: AcrossAdapter,
  quotes: Map<string, Quote>,
  query: Query,
): Promise<LiFiStep> {
  const from = world.chain(Number(query['fromChain']));
  const to = world.chain(Number(query['toChain']));
  return from.id === to.id ? swapStep(from, query) : crossStep(world, bridge, quotes, query, from, to);
}

async function crossStep(
  world: World,
  bridge: AcrossAdapter,
  quotes: Map<string, Quote>,
  query: Query,
  from: WorldChain,
  to: WorldChain,
): Promise<LiFiStep> {
  const { sender, recipient } = parties(query);
  const quote = await bridge.quote(
    {
      input: { token: tokenOf(from, query['fromToken']!), atoms: BigInt(query['fromAmount']!) },
      tokenOut: tokenOf(to, query['toToken']!),
      sender,
      recipient,
      slippageBps: 0,
      deadline: (await world.clockSeconds()) + 7_200,
    },
    never,
  );
  const calls = bridge.build({ kind: 'quote', quote, sender, recipient, deadline: Number.MAX_SAFE_INTEGER });
  const { data, to: target } = calls.at(-1)!;
  quotes.set(data, quote);
  const feeCosts = quote.fees.map(({ amount, included, kind }) => feeCost(`${kind} fee`, amount, included));
  return step(query, 'cross', 'across', quote.input, quote.output, quote.minReceived, feeCosts, { to: target, data });
}

async function swapStep(chain: WorldChain, query: Query): Promise<LiFiStep> {
  const { recipient } = parties(query);
  const tokenIn = tokenOf(chain, query['fromToken']!);
  const tokenOut = tokenOf(chain, query['toToken']!);
  const amountIn = BigInt(query['fromAmount']!);
  const data = QUOTER.encodeFunctionData('quoteExactInputSingle', [
    [tokenIn.address, tokenOut.address, amountIn, POOL_FEE, 0],
  ]);
  const answer = (await chain.rpc('eth_call', [{ to: chain.contracts.uniswapV3QuoterV2, data }, 'latest'])) as Hex;
  const [out] = AbiCoder.defaultAbiCoder().decode(['uint256'], answer) as unknown as [bigint];
  const slippagePpm = Math.round(Number(query['slippage'] ?? '0.005') * 1_000_000);
  const least = (out * BigInt(1_000_000 - slippagePpm)) / 1_000_000n;
  const swap = [tokenIn.address, tokenOut.address, POOL_FEE, recipient, amountIn, least, 0];
  return step(
    query,
    'swap',
    'uniswap',
    { token: tokenIn, atoms: amountIn },
    { token: tokenOut, atoms: out },
    least,
    [],
    { to: chain.contracts.uniswapV3SwapRouter02, data: ROUTER.encodeFunctionData('exactInputSingle', [swap]) as Hex },
  );
}

function step(
  query: Query,
  type: 'cross' | 'swap',
  tool: string,
  input: TokenAmount,
  output: TokenAmount,
  least: bigint,
  feeCosts: FeeCost[],
  transaction: { readonly to: Address; readonly data: Hex },
): LiFiStep {
  const { recipient, sender } = parties(query);
  const toolDetails = { key: tool, name: tool, logoURI: '' };
  const action = {
    fromChainId: input.token.chainId,
    fromAmount: input.atoms.toString(),
    fromToken: lifiToken(input.token),
    fromAddress: sender,
    toChainId: output.token.chainId,
    toToken: lifiToken(output.token),
    toAddress: recipient,
    slippage: Number(query['slippage'] ?? '0.005'),
  };
  const estimate = {
    tool,
    fromAmount: input.atoms.toString(),
    toAmount: output.atoms.toString(),
    toAmountMin: least.toString(),
    approvalAddress: transaction.to,
    feeCosts,
    gasCosts: [
      {
        type: 'SEND' as const,
        price: '1000000000',
        estimate: '150000',
        limit: '200000',
        amount: '150000000000000',
        amountUSD: '0',
        token: lifiToken({ ...input.token, address: `0x${'00'.repeat(20)}`, symbol: 'ETH', decimals: 18 }),
      },
    ],
    executionDuration: type === 'cross' ? 5 : 0,
  };
  return {
    id: `loopback-${tool}`,
    type: 'lifi',
    tool,
    toolDetails,
    action,
    estimate,
    includedSteps: [{ id: `loopback-${tool}-0`, type, tool, toolDetails, action, estimate }],
    transactionRequest: {
      from: sender,
      to: transaction.to,
      chainId: input.token.chainId,
      data: transaction.data,
      value: '0x0',
      gasLimit: '0x7a120',
    },
  };
}

async function statusBody(
  world: World,
  bridge: AcrossAdapter,
  quotes: ReadonlyMap<string, Quote>,
  query: Query,
): Promise<StatusResponse> {
  const origin = world.chain(Number(query['fromChain']));
  const txHash = query['txHash'] as Hex;
  const sent = await origin.provider.getTransaction(txHash);
  const quote = sent === null ? undefined : quotes.get(sent.data);
  const sending = { txHash, chainId: origin.id as number, txLink: '' };
  const receiving = { chainId: Number(query['toChain']) };
  if (quote === undefined) return { status: 'NOT_FOUND', tool: 'across', sending, receiving };
  const status = await bridge.track(transferOf(quote, txHash), never);
  const pending = (substatus: 'WAIT_DESTINATION_TRANSACTION' | 'REFUND_IN_PROGRESS'): StatusResponse => ({
    status: 'PENDING',
    substatus,
    tool: 'across',
    sending,
    receiving,
  });
  const done = (substatus: 'COMPLETED' | 'PARTIAL' | 'REFUNDED', { atoms, token }: TokenAmount, hash: Hex) => {
    const moved = {
      chainId: token.chainId,
      txHash: hash,
      txLink: '',
      amount: atoms.toString(),
      token: lifiToken(token),
    };
    return { status: 'DONE', substatus, tool: 'across', sending, receiving: moved } as StatusResponse;
  };
  switch (status.state) {
    case 'pending':
      return pending('WAIT_DESTINATION_TRANSACTION');
    case 'expired':
    case 'refund-pending':
      return pending('REFUND_IN_PROGRESS');
    case 'filled':
      return done('COMPLETED', status.received, status.txHash);
    case 'filled-otherwise':
      return done('PARTIAL', status.received[0]!, status.txHash);
    case 'refunded':
      return done('REFUNDED', status.received, status.txHash);
  }
}

function parties(query: Query): { readonly sender: Address; readonly recipient: Address } {
  const sender = query['fromAddress'] as Address;
  return { sender, recipient: (query['toAddress'] ?? sender) as Address };
}

function tokenOf(chain: WorldChain, address: string): Token {
  const found = Object.values(chain.tokens).find((token) => token.address.toLowerCase() === address.toLowerCase());
  if (found === undefined) throw new Error(`No route for ${address} on chain ${chain.id}`);
  return found;
}

function lifiToken({ address, chainId, decimals, symbol }: Token): LifiToken {
  return { address, chainId: chainId as number, decimals, symbol, name: symbol, priceUSD: '1' };
}

function feeCost(name: string, { atoms, token }: TokenAmount, included: boolean): FeeCost {
  const amount = atoms.toString();
  return { name, description: name, percentage: '0', token: lifiToken(token), amount, amountUSD: '0', included };
}
