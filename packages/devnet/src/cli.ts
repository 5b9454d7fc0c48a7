#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { DevnetError } from './errors.js';
import { WORLD_PARTS } from './parts.js';
import type { WorldPart } from './parts.js';
import { prepareWorld, startWorld } from './start-world.js';
import type { World, WorldEvent, WorldOptions } from './world.js';

const HELP = `Brings up local chains with real protocol contracts and keeps them up until Ctrl-C.

Usage: node packages/devnet/dist/cli.js [options]

  --chains N    1, 2 or 3 chains (default 3)
  --seed N      varies depths and prices of the pools (default 1)
  --parts LIST  protocols that are there only when asked for, with commas: ${WORLD_PARTS.join(', ')}
  --fresh       deploy anew instead of loading the cached state
  --no-actors   no Across relayer, no root bundles, no Hyperlane deliveries, no arbitrage
  --json        print one JSON document on standard output
  --fetch-only  fetch the contracts and build the cached state where missing, and end
  --time        print how long the start took from scratch and from the cache, and end
  --help        print this
`;

interface Arguments {
  readonly options: WorldOptions;
  readonly json: boolean;
  readonly actors: boolean;
  readonly fetchOnly: boolean;
  readonly time: boolean;
  readonly help: boolean;
}

function parse(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      chains: { type: 'string', default: '3' },
      seed: { type: 'string', default: '1' },
      parts: { type: 'string', default: '' },
      fresh: { type: 'boolean', default: false },
      'no-actors': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'fetch-only': { type: 'boolean', default: false },
      time: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const chains = Number(values.chains) as 1 | 2 | 3;
  const parts = values.parts.split(',').filter((part) => part !== '') as WorldPart[];
  const options = { chains, seed: Number(values.seed), parts, fresh: values.fresh };
  const { 'fetch-only': fetchOnly, help, json, 'no-actors': noActors, time } = values;
  return { options, json, actors: !noActors, fetchOnly, time, help };
}

/** Progress goes to standard error, so that standard output stays clean. */
function report(event: WorldEvent): void {
  const line = ((): string => {
    switch (event.kind) {
      case 'artifacts':
        return `contracts ${event.done}/${event.total}: ${event.package}`;
      case 'chain-started':
        return `chain ${event.chainId} listens at ${event.rpcUrl}`;
      case 'state-loaded':
        return `chain ${event.chainId} has its contracts, from the cache`;
      case 'deployed':
        return `chain ${event.chainId} has its contracts, deployed by ${event.transactions} transactions`;
      case 'ready':
        return `ready after ${(event.milliseconds / 1000).toFixed(2)} s`;
    }
  })();
  process.stderr.write(`${line}\n`);
}

/** Says only what takes its time, so that nothing is said when all is there. */
function reportWork(event: WorldEvent): void {
  if (event.kind === 'deployed' || (event.kind === 'artifacts' && !event.cached)) report(event);
}

function toJson(world: World): string {
  const chains = world.chains.map(({ contracts, hyperlaneDomain, id, name, parts, pools, rpcUrl, tokens }) => {
    return { id, name, rpcUrl, hyperlaneDomain, tokens, contracts, parts, pools };
  });
  const document = { chains, accounts: world.accounts, seed: world.seed };
  return JSON.stringify(document, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2);
}

function toText(world: World): string {
  const rows = (record: object): string[] =>
    Object.entries(record).map(
      ([key, value]) => `  ${key.padEnd(32)} ${Array.isArray(value) ? `${value.length} (in --json)` : value}`,
    );
  const chains = world.chains.flatMap(({ contracts, id, parts, pools, rpcUrl, tokens }) => [
    `Chain ${id}  ${rpcUrl}`,
    ...Object.values(tokens).map(({ address, symbol }) => `  ${symbol.padEnd(32)} ${address}`),
    ...rows(contracts),
    ...Object.entries(parts as Readonly<Record<string, object>>).flatMap(([part, addresses]) => [
      `  ${part}:`,
      ...rows(addresses),
    ]),
    ...pools.map((pool) => `  ${`pool ${pool.kind}`.padEnd(32)} ${'address' in pool ? pool.address : pool.id}`),
    '',
  ]);
  const accounts = Object.entries(world.accounts).map(
    ([name, { address, privateKey }]) => `  ${name.padEnd(20)} ${address}  ${privateKey}`,
  );
  return [...chains, 'Accounts (play money; never use these keys anywhere else)', ...accounts, ''].join('\n');
}

async function time(options: WorldOptions): Promise<void> {
  const measure = async (fresh: boolean): Promise<string> => {
    const startedMs = performance.now();
    const world = await startWorld({ ...options, fresh });
    const seconds = (performance.now() - startedMs) / 1000;
    await world.close();
    return `${seconds.toFixed(2)} s`;
  };
  process.stdout.write(`deployed anew  ${await measure(true)}\nfrom the cache ${await measure(false)}\n`);
}

async function main(argv: readonly string[]): Promise<void> {
  const { actors, fetchOnly, help, json, options, time: measured } = parse(argv);
  if (help) return void process.stdout.write(HELP);
  if (fetchOnly) return prepareWorld({ ...options, onProgress: reportWork });
  if (measured) return time(options);
  const world = await startWorld({ ...options, onProgress: report });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  if (actors) await world.startActors({ arbitrageur: true });
  process.stdout.write(`${json ? toJson(world) : toText(world)}\n`);
  process.stderr.write('The world stays up until Ctrl-C.\n');
  await ended;
  await world.close();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const { message } = error instanceof Error ? error : { message: String(error) };
  process.stderr.write(`${error instanceof DevnetError ? `${error.code}: ` : ''}${message}\n`);
  process.exitCode = 1;
});
