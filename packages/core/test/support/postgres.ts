import { findPostgres, type LocalPostgres, startPostgres } from '@evenkeel/devnet';

let server: Promise<LocalPostgres> | undefined;
let schemas = 0;

/** Whether this machine has a PostgreSQL; says so plainly where it has none, for what needs it is left out then. */
export const hasPostgres: boolean = findPostgres() !== undefined;
if (!hasPostgres) {
  process.stderr.write('NOT INSTALLED: PostgreSQL. What needs it is not tested here (apt-get install postgresql).\n');
}

/** One server for a test file, started when it is first wanted. */
export function postgres(): Promise<LocalPostgres> {
  server ??= startPostgres();
  return server;
}

export async function stopPostgres(): Promise<void> {
  await (await server)?.stop();
}

/** A schema that nobody has. */
export function newSchema(): string {
  return `tested_${process.pid}_${schemas++}`;
}
