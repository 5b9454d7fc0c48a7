#!/usr/bin/env node
// `npm run engine -- restate` or `-- postgres`: the server of an engine on the loopback interface, until it is told to stop.
// Its data is kept in .cache.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres, startRestate } from '@evenkeel/devnet';

const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache');
const servers = {
  restate: () => startRestate({ folder: join(cache, 'restate-data'), ingressPort: 8080, adminPort: 9070 }),
  postgres: () => startPostgres({ folder: join(cache, 'postgres-data'), port: 5433 }),
};
const HELP = `Usage: npm run engine -- ${Object.keys(servers).join('|')}

Starts the server of an engine on the loopback interface, until Ctrl-C: Restate at ports 8080 (ingress) and 9070 (admin),
PostgreSQL for DBOS and the shared outbox at port 5433. Data is kept in .cache.`;

const [name, ...more] = process.argv.slice(2);
if (name === '--help') {
  console.log(HELP);
  process.exit(0);
}
if (!Object.hasOwn(servers, name ?? '') || more.length > 0) {
  const problem = name === undefined ? 'Name a server.' : `"${[name, ...more].join(' ')}" is no server.`;
  console.error(`INVALID_INPUT: ${problem}\n\n${HELP}`);
  process.exit(2);
}
try {
  const server = await servers[name]();
  console.log(name === 'restate' ? `ingress ${server.ingressUrl}, admin ${server.adminUrl}` : server.url);
  const stop = async () => {
    await server.stop();
    process.exit(0);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  // The server's pipes do not keep a process that has nothing else to do.
  setInterval(() => undefined, 1 << 30);
} catch (error) {
  console.error(`${error.code === undefined ? '' : `${error.code}: `}${error.message}`);
  process.exit(1);
}
