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
const [name] = process.argv.slice(2);
if (!Object.hasOwn(servers, name ?? '')) {
  console.error(`Use one of: ${Object.keys(servers).join(', ')}.`);
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
  console.error(error.message);
  process.exit(1);
}
