import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Address, Hex, Token } from '@evenkeel/core';
import type { World, WorldChain } from '@evenkeel/devnet';
import {
  addressToBytes32,
  decodeInteroperableAddress,
  encodeInteroperableAddress,
  encodeStandardOrder,
  parseStandardOrder,
  permit2TypedData,
  standardOrderId,
  type StandardOrder,
} from '@evenkeel/intents';
import { Interface, Wallet, zeroPadValue } from 'ethers';

/** What goes wrong in the next answers: the HTTP answer itself, or the body of a good one. */
export type OifFault =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: unknown;
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'change'; readonly change: (body: never) => void };

/** How far the solver goes with the orders that it gets. */
export type SolverZeal = 'nothing' | 'draw' | 'fill' | 'claim';

export interface OifContracts {
  readonly inputSettler: Address;
  readonly outputSettler: Address;
}

export interface OifLoopbackServer {
  readonly apiUrl: string;
  readonly requests: readonly {
    readonly path: string;
    readonly body: string;
    readonly headers: IncomingMessage['headers'];
  }[];
  /** The next answers go wrong, one after another; then all is well again. */
  misbehave(...faults: readonly OifFault[]): void;
  /** What it does with new orders by itself. */
  behave(zeal: SolverZeal): void;
  /** What it says of every order from now on, whatever is true. */
  claim(status: string | undefined): void;
  /** Takes an order that it has as far as that. */
  work(orderId: string, zeal: SolverZeal): Promise<void>;
  /** Takes every order that it has as far as that; what the chain refuses is left. */
  workAll(zeal: SolverZeal): Promise<void>;
  /** Forgets all orders, as the chains do when they are set back. */
  forget(): void;
  close(): Promise<void>;
}

const inputSettler = new Interface([
  'function openFor(bytes order, address sponsor, bytes signature)',
  'function attest(bytes32 id, bytes32 solver)',
  'function finalise((address user, uint256 nonce, uint256 originChainId, uint32 expires, uint32 fillDeadline, address inputOracle, uint256[2][] inputs, (bytes32 oracle, bytes32 settler, uint256 chainId, bytes32 token, uint256 amount, bytes32 recipient, bytes callbackData, bytes context)[] outputs) order, uint32[] timestamps, bytes32[] solvers, bytes32 destination, bytes call)',
]);
const outputSettler = new Interface([
  'function fill(bytes32 orderId, (bytes32 oracle, bytes32 settler, uint256 chainId, bytes32 token, uint256 amount, bytes32 recipient, bytes callbackData, bytes context) output, uint48 fillDeadline, bytes fillerData)',
]);
const erc20 = new Interface(['function approve(address, uint256)']);

/** The stand-ins of test/contracts on every chain of the world. */
export async function deployStandInSettlers(world: World): Promise<Readonly<Record<number, OifContracts>>> {
  const contracts: Record<number, OifContracts> = {};
  for (const chain of world.chains) {
    const deploy = async (name: string): Promise<Address> => {
      const { bytecode } = JSON.parse(readFileSync(join(__dirname, 'contracts', `${name}.json`), 'utf8')) as Artifact;
      const wallet = new Wallet(world.accounts.deployer.privateKey, chain.provider);
      const sent = await wallet.sendTransaction({ data: bytecode });
      return (await chain.provider.waitForTransaction(sent.hash))!.contractAddress as Address;
    };
    const inputSettler = await deploy('StandInInputSettler');
    contracts[chain.id] = { inputSettler, outputSettler: await deploy('StandInOutputSettler') };
  }
  return contracts;
}

interface Artifact {
  readonly bytecode: Hex;
}

const QUOTE_SECONDS = 300;
const ESCROW_SECONDS = 600;
/** What the solver keeps. */
const FEE_BPS = 10n;

interface Job {
  readonly order: StandardOrder;
  readonly signature: Hex;
  done: SolverZeal;
}

/**
 * A LOOPBACK SERVER, not a service of the Open Intents Framework: it speaks its API (`POST /v1/quotes`, `POST /v1/orders`,
 * `GET /v1/orders/{id}` of @openintentsframework/oif-specs 1.0.0) for a local world, and the solver behind it really draws
 * orders through Permit2 and fills them from its own inventory, by the stand-in settlers of test/contracts.
 */
export async function startOifLoopbackServer(
  world: World,
  contracts: Readonly<Record<number, OifContracts>>,
  priceOf: (from: Token, to: Token, atoms: bigint) => bigint,
): Promise<OifLoopbackServer> {
  const faults: OifFault[] = [];
  const requests: { path: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  const jobs = new Map<string, Job>();
  let zeal: SolverZeal = 'claim';
  let claimed: string | undefined;

  const work = async (orderId: string, goal: SolverZeal): Promise<void> => {
    const job = jobs.get(orderId);
    if (job === undefined) throw new Error(`no order ${orderId}`);
    for (const stage of ['draw', 'fill', 'claim'] as const) {
      const order = ['nothing', 'draw', 'fill', 'claim'];
      if (order.indexOf(stage) <= order.indexOf(job.done) || order.indexOf(stage) > order.indexOf(goal)) continue;
      await STAGES[stage](world, contracts, job, orderId);
      job.done = stage;
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request);
    requests.push({ path: request.url!, body, headers: request.headers });
    const fault = faults.shift();
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'http') return reply(response, fault.status, fault.body ?? {}, fault.headers);
    if (fault?.kind === 'text') return void response.writeHead(200).end(fault.text);
    const path = request.url!.replace(/^\/api\/v1\//, '');
    let result: unknown;
    if (path === 'quotes') result = await quotes(world, contracts, priceOf, JSON.parse(body) as QuoteBody);
    else if (path === 'orders') {
      const { id, job } = jobOf(JSON.parse(body) as OrderBody);
      if (!jobs.has(id)) jobs.set(id, job);
      // It works while it answers, as a solver would.
      await work(id, zeal).catch(() => undefined);
      result = { orderId: id, status: 'received', message: 'Order accepted for processing' };
    } else {
      const job = jobs.get(path.slice('orders/'.length));
      if (job === undefined) return reply(response, 404, { message: 'Order not found' });
      result = orderAnswer(path.slice('orders/'.length), job, claimed);
    }
    if (fault?.kind === 'change') fault.change(result as never);
    return reply(response, 200, result);
  };

  const server: Server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      reply(response, 422, { message: error instanceof Error ? error.message : String(error) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    requests,
    misbehave: (...next) => void faults.splice(0, faults.length, ...next),
    behave: (next) => {
      zeal = next;
    },
    claim: (status) => {
      claimed = status;
    },
    work,
    workAll: async (goal) => {
      for (const id of jobs.keys()) await work(id, goal).catch(() => undefined);
    },
    forget: () => jobs.clear(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };

  function jobOf({ order, signature }: OrderBody): { readonly id: string; readonly job: Job } {
    const { domain, message } = order.payload;
    const { permitted, nonce, deadline, spender, witness } = message;
    const parsed = parseStandardOrder({
      user: witness.user,
      nonce,
      originChainId: Number(domain.chainId),
      expires: Number(witness.expires),
      fillDeadline: Number(deadline),
      inputOracle: witness.inputOracle,
      inputs: permitted,
      outputs: witness.outputs.map((output) => ({ ...output, chainId: Number(output.chainId) })),
    });
    return { id: standardOrderId(parsed, spender), job: { order: parsed, signature, done: 'nothing' } };
  }
}

interface QuoteBody {
  readonly intent: {
    readonly inputs: readonly { readonly user: string; readonly asset: string; readonly amount: string }[];
    readonly outputs: readonly { readonly receiver: string; readonly asset: string }[];
    readonly metadata: { readonly latestFill: number };
  };
}

interface OrderBody {
  readonly order: {
    readonly payload: {
      readonly domain: { readonly chainId: number };
      readonly message: {
        readonly permitted: readonly { readonly token: Address; readonly amount: string }[];
        readonly nonce: string;
        readonly deadline: string;
        readonly spender: Address;
        readonly witness: {
          readonly user: Address;
          readonly expires: string;
          readonly inputOracle: Address;
          readonly outputs: readonly (Record<string, unknown> & { readonly chainId: string })[];
        };
      };
    };
  };
  readonly signature: Hex;
}

async function quotes(
  world: World,
  contracts: Readonly<Record<number, OifContracts>>,
  priceOf: (from: Token, to: Token, atoms: bigint) => bigint,
  { intent }: QuoteBody,
): Promise<unknown> {
  const [input] = intent.inputs;
  const [output] = intent.outputs;
  const from = tokenOf(world, input!.asset);
  const to = tokenOf(world, output!.asset);
  const atoms = BigInt(input!.amount);
  const pays = (priceOf(from, to, atoms) * (10_000n - FEE_BPS)) / 10_000n;
  const fillDeadline = Math.min((await world.clockSeconds()) + QUOTE_SECONDS, intent.metadata.latestFill);
  const there = contracts[to.chainId]!;
  const here = contracts[from.chainId]!;
  const order = parseStandardOrder({
    user: addressOf(input!.user),
    nonce: 1n,
    originChainId: from.chainId,
    expires: fillDeadline + ESCROW_SECONDS,
    fillDeadline,
    inputOracle: here.inputSettler,
    inputs: [{ token: from.address, amount: atoms }],
    outputs: [
      {
        oracle: addressToBytes32(there.outputSettler),
        settler: addressToBytes32(there.outputSettler),
        chainId: to.chainId,
        token: addressToBytes32(to.address),
        amount: pays,
        recipient: addressToBytes32(addressOf(output!.receiver)),
        callbackData: '0x',
        context: '0x',
      },
    ],
  });
  const payload = { signatureType: 'eip712', ...permit2TypedData(order, { spender: here.inputSettler }) };
  const preview = { inputs: [{ ...input }], outputs: [{ ...output, amount: pays.toString() }] };
  const quote = {
    order: { type: 'oif-escrow-v0', payload: JSON.parse(JSON.stringify(payload)) as unknown },
    validUntil: fillDeadline - 60,
    eta: 5,
    quoteId: 'loopback-quote-1',
    provider: 'loopback',
    preview,
    failureHandling: 'refund-claim',
    partialFill: false,
  };
  return { quotes: [quote] };
}

function orderAnswer(id: string, { done, order }: Job, claimed: string | undefined): unknown {
  const truth = { nothing: 'pending', draw: 'executing', fill: 'executed', claim: 'finalized' }[done];
  const amounts = order.inputs.map(({ amount, token }) => ({
    asset: encodeInteroperableAddress({ chainId: order.originChainId, address: token }),
    amount: amount.toString(),
  }));
  return {
    id,
    status: claimed ?? truth,
    createdAt: 1,
    updatedAt: 2,
    inputAmounts: amounts,
    outputAmounts: [],
    settlement: { type: 'escrow', data: {} },
  };
}

type Stage = (world: World, contracts: Readonly<Record<number, OifContracts>>, job: Job, id: string) => Promise<void>;

const STAGES: Readonly<Record<'draw' | 'fill' | 'claim', Stage>> = {
  draw: async (world, contracts, { order, signature }) => {
    const chain = world.chain(order.originChainId);
    const data = inputSettler.encodeFunctionData('openFor', [encodeStandardOrder(order), order.user, signature]);
    await send(world, chain, contracts[chain.id]!.inputSettler, data);
  },
  fill: async (world, contracts, { order }, id) => {
    const [output] = order.outputs;
    const chain = world.chain(output!.chainId);
    const { outputSettler: settler } = contracts[chain.id]!;
    const solver = zeroPadValue(world.accounts.maker.address, 32);
    await send(
      world,
      chain,
      `0x${output!.token.slice(26)}`,
      erc20.encodeFunctionData('approve', [settler, output!.amount]),
    );
    await send(
      world,
      chain,
      settler,
      outputSettler.encodeFunctionData('fill', [id, output, order.fillDeadline, solver]),
    );
  },
  claim: async (world, contracts, { order }, id) => {
    const chain = world.chain(order.originChainId);
    const { inputSettler: settler } = contracts[chain.id]!;
    const solver = zeroPadValue(world.accounts.maker.address, 32);
    await send(world, chain, settler, inputSettler.encodeFunctionData('attest', [id, solver]), 'deployer');
    const tuple = { ...order, inputs: order.inputs.map(({ amount, token }) => [BigInt(token), amount]) };
    await send(
      world,
      chain,
      settler,
      inputSettler.encodeFunctionData('finalise', [tuple, [0], [solver], solver, '0x']),
    );
  },
};

async function send(
  world: World,
  chain: WorldChain,
  to: string,
  data: string,
  by: 'maker' | 'deployer' = 'maker',
): Promise<void> {
  const wallet = new Wallet(world.accounts[by].privateKey, chain.provider);
  const sent = await wallet.sendTransaction({ to, data });
  const receipt = await chain.provider.waitForTransaction(sent.hash);
  if (receipt?.status !== 1) throw new Error('reverted');
}

function tokenOf(world: World, asset: string): Token {
  const { address, chainId } = decodeInteroperableAddress(asset);
  const found = Object.values(world.chain(chainId!).tokens).find(
    (token) => token.address.toLowerCase() === address!.toLowerCase(),
  );
  if (found === undefined) throw new Error(`No price for ${asset}`);
  return found;
}

function addressOf(located: string): Address {
  return decodeInteroperableAddress(located).address!;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function reply(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'loopback-1', ...headers });
  response.end(JSON.stringify(body));
}
