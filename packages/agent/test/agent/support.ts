import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseUnits, toQuantity, Wallet } from 'ethers';
import { type Agent, type AgentParts, openAgent } from '../../src/agent/agent.js';
import { parseAgentConfig } from '../../src/agent/config/parse-agent.js';
import type { AgentEvent } from '../../src/agent/events.js';
import { seededRandom, systemClock } from '../../src/assemble/ambient.js';
import type { PortfolioConfigInput } from '../../src/config/schema.js';
import type { Stage } from '../support.js';

/** One piece, few venues, looks often: so that a test is quick. */
const QUICK = {
  pollMs: 20,
  nodeBudget: 3,
  schedule: { kind: 'single' },
  adapters: ['uniswap-v2', 'uniswap-v3', 'across'],
  policy: { riskAversion: { perNumeraire: 0.001 }, monitoringSeconds: 1 },
};

/** The stage's chains and defaults as an agent's file, with these portfolios. */
export function agentFile(
  { config }: Stage,
  portfolios: readonly object[],
  more: object = {},
): Record<string, unknown> {
  const { chains, name: _name, owner: _owner, positions: _positions, ...defaults } = config;
  return {
    agent: { mode: 'live', shutdownSeconds: 20, watch: { kind: 'interval', everySeconds: 0.2 } },
    http: 'off',
    totalLimits: { notionalPerDayUsd: 10_000_000 },
    chains,
    defaults: { ...defaults, ...QUICK },
    portfolios,
    ...more,
  };
}

/** The demonstration's book, out of place. */
export const bookOf = ({ config }: Stage): object => ({
  name: 'book',
  owner: config.owner,
  positions: config.positions as NonNullable<PortfolioConfigInput['positions']>,
});

/** Another owner: half a coin for gas on each of two chains, which counts towards the delta, and tokens on the first. */
export async function settle({ world }: Stage, seed: string, WETH: string, USDC: string): Promise<Wallet> {
  const wallet = new Wallet(`0x${Buffer.from(seed.padEnd(32, '.')).toString('hex')}`);
  const [home] = world.chains;
  for (const chain of world.chains.slice(0, 2)) {
    await chain.rpc('anvil_setBalance', [wallet.address, toQuantity(parseUnits('0.5', 'ether'))]);
  }
  for (const [token, atoms] of [
    [home!.tokens.WETH, parseUnits(WETH, 18)],
    [home!.tokens.USDC, parseUnits(USDC, 6)],
  ] as const) {
    if (atoms > 0n) await world.fund(token, wallet.address as `0x${string}`, atoms);
  }
  return wallet;
}

export interface Opened {
  readonly agent: Agent;
  readonly events: readonly AgentEvent[];
  readonly folder: string;
  /** Resolves once an event of the code was told; rejects when none comes. */
  told(code: string): Promise<AgentEvent>;
}

/** A table that never comes: most tests are of something else. */
const noTable = (): Promise<never> => new Promise(() => undefined);

const folders: string[] = [];
const agents = new Set<Agent>();

export async function open(
  { world }: Stage,
  file: Record<string, unknown>,
  options: {
    readonly folder?: string;
    readonly wallets?: readonly Wallet[];
    readonly tables?: AgentParts['tables'];
    /** Default: the system's. */
    readonly clock?: AgentParts['clock'];
    readonly env?: AgentParts['env'];
    readonly extend?: AgentParts['extend'];
  } = {},
): Promise<Opened> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'evenkeel-agent-'));
  folders.push(folder);
  const wallets = [new Wallet(world.accounts.owner.privateKey), ...(options.wallets ?? [])];
  const agent = await openAgent(parseAgentConfig(file), {
    folder,
    // What others of this machine have prepared must decide nothing here.
    tables: { folder: join(folder, 'bands'), prepare: noTable, ...options.tables },
    env: options.env ?? {},
    clock: options.clock ?? systemClock,
    ...(options.extend === undefined ? {} : { extend: options.extend }),
    random: seededRandom(1),
    logger: { log: () => undefined },
    signerOf: ({ config }) => wallets.find(({ address }) => address.toLowerCase() === config.owner.toLowerCase())!,
  });
  agents.add(agent);
  const events: AgentEvent[] = [];
  agent.events.listen((event) => events.push(event));
  const told = (code: string): Promise<AgentEvent> =>
    new Promise((resolve, reject) => {
      const known = events.find((event) => event.code === code);
      if (known !== undefined) return resolve(known);
      const timer = setTimeout(() => {
        const codes = events.map((event) => `${event.code}: ${event.sentence}`).join('\n');
        reject(new Error(`Nobody told of ${code}:\n${codes}`));
      }, 25_000);
      const stop = agent.events.listen((event) => {
        if (event.code !== code) return;
        clearTimeout(timer);
        stop();
        resolve(event);
      });
    });
  return { agent, events, folder, told };
}

export async function close(agent: Agent): Promise<void> {
  agents.delete(agent);
  await agent.worker.stop(0);
  await agent.close();
}

export async function closeAll(): Promise<void> {
  for (const agent of [...agents]) await close(agent);
}

export function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** One round, and what it has begun, to its end. */
export async function roundToEnd(agent: Agent): Promise<void> {
  await agent.round(new AbortController().signal);
  while (agent.worker.running() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
