import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { startRestate } from '@evenkeel/devnet';
import { hasPostgres, newSchema, postgres, stopPostgres } from '../../core/test/support/postgres.js';

// Three nodes on one engine, each a process of its own, with one outbox. Two are killed in the middle: what they had goes to
// the one that is left, and on the chain every slice is there once.

jest.setTimeout(240_000);
const ACCOUNTS = 12;
const SLICES = 5;

interface Sent {
  readonly account: string;
  readonly nonce: number;
  readonly hash: string;
  readonly by: string;
}

/** A chain that takes one transaction for each nonce, as all do, and remembers whatever it was sent. */
async function modelChain(): Promise<{ readonly url: string; readonly sent: Sent[]; readonly server: Server }> {
  const sent: Sent[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      sent.push(JSON.parse(text) as Sent);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent, server };
}

/** One address for several nodes: connections go to them in turn, past those that are not there. */
async function balancer(ports: readonly number[]): Promise<TcpServer> {
  let turn = 0;
  const server = createTcpServer((incoming) => {
    incoming.on('error', () => incoming.destroy());
    const tryNext = (left: number): void => {
      if (left === 0) return void incoming.destroy();
      const outgoing = connect(ports[turn++ % ports.length]!, '127.0.0.1');
      outgoing.once('connect', () => {
        outgoing.off('error', next);
        outgoing.on('error', () => incoming.destroy());
        outgoing.once('close', () => incoming.destroy());
        incoming.once('close', () => outgoing.destroy());
        incoming.pipe(outgoing).pipe(incoming);
      });
      const next = (): void => tryNext(left - 1);
      outgoing.once('error', next);
    };
    tryNext(ports.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

interface Node {
  readonly child: ChildProcess;
  readonly said: (text: string) => Promise<void>;
}

function startNode(options: object): Node {
  const child = spawn(process.execPath, [join(__dirname, 'node-process.mjs'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const said = async (text: string): Promise<void> => {
    while (!output.includes(text)) {
      if (child.exitCode !== null) throw new Error(`A node has ended:\n${errors}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, said };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function playWithKills(options: object, optionsOf: (i: number) => object): Promise<readonly Sent[]> {
  const chain = await modelChain();
  const shared = { accounts: ACCOUNTS, slices: SLICES, chainUrl: chain.url, ...options };
  const nodes = new Map(
    [0, 1, 2].map((i) => [`node-${i}`, startNode({ ...shared, name: `node-${i}`, ...optionsOf(i) })]),
  );
  const alive = new Map(nodes);
  try {
    await Promise.all([...nodes.values()].map(({ said }) => said('ready')));
    for (const share of [0.25, 0.5]) {
      // An engine may give all the work to one node: killed is one that is at work.
      await until(() => chain.sent.length >= ACCOUNTS * SLICES * share && alive.has(chain.sent.at(-1)!.by));
      const { by } = chain.sent.at(-1)!;
      nodes.get(by)!.child.kill('SIGKILL');
      alive.delete(by);
    }
    for (const { said } of alive.values()) await said('finished');
  } finally {
    for (const { child } of nodes.values()) child.kill('SIGKILL');
    chain.server.close();
  }
  return chain.sent;
}

function expectOnceEach(sent: readonly Sent[]): void {
  const byNonce = new Map<string, Set<string>>();
  for (const { account, hash, nonce } of sent) {
    const key = `${account}/${nonce}`;
    byNonce.set(key, (byNonce.get(key) ?? new Set()).add(hash));
  }
  // Sent again after a death: the stored copy, which a chain knows already.
  expect([...byNonce.values()].filter((hashes) => hashes.size > 1)).toEqual([]);
  expect(byNonce.size).toBe(ACCOUNTS * SLICES);
  for (const account of new Set(sent.map((each) => each.account))) {
    const nonces = new Set(sent.filter((each) => each.account === account).map(({ nonce }) => nonce));
    expect([...nonces].sort((a, b) => a - b)).toEqual(Array.from({ length: SLICES }, (_, i) => i));
  }
}

/** What two of them have sent for. */
function handedOver(sent: readonly Sent[]): number {
  const accounts = new Set(sent.map(({ account }) => account));
  return [...accounts].filter(
    (account) => new Set(sent.filter((each) => each.account === account).map(({ by }) => by)).size > 1,
  ).length;
}

if (hasPostgres) {
  afterAll(stopPostgres);

  test('on DBOS, the work of dead nodes is taken over, and nothing is done twice', async () => {
    const options = { engine: 'dbos', postgresUrl: (await postgres()).url, schema: newSchema() };
    const sent = await playWithKills(options, () => ({}));
    expectOnceEach(sent);
    expect(new Set(sent.map(({ by }) => by)).size).toBeGreaterThan(1);
    expect(handedOver(sent)).toBeGreaterThan(0);
  });

  test('on Restate, behind one address, the same', async () => {
    const server = await startRestate();
    const base = 20_000 + (process.pid % 15_000) * 3;
    const ports = [0, 1, 2].map((i) => base + i);
    const front = await balancer(ports);
    try {
      const deploymentUrl = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
      const { adminUrl, ingressUrl } = server;
      const options = { engine: 'restate', postgresUrl: (await postgres()).url, schema: newSchema() };
      const sent = await playWithKills(options, (i) => ({
        restate: { adminUrl, ingressUrl, deploymentUrl, listen: { port: ports[i] } },
      }));
      expectOnceEach(sent);
      expect(handedOver(sent)).toBeGreaterThan(0);
    } finally {
      front.close();
      await server.stop();
    }
  });
} else test('PostgreSQL is not installed: several nodes are not tested here', () => undefined);
