// The process that is killed, as one file: it is started hundreds of times, and most of a start is the reading of modules.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** They have binaries, or find their own files: taken from where they are installed. */
const INSTALLED = ['libsql', 'pg', '@dbos-inc/dbos-sdk', '@restatedev/restate-sdk', 'piscina', '@evenkeel/devnet'];

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** @returns the folder of the bundle, to be deleted when all is over, and the file in it that is to be run */
export async function bundleVictim() {
  const cache = path('../../.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'chaos-'));
  await build({
    // The worker is found beside whoever starts it.
    entryPoints: [path('victim.mjs'), path('../../packages/agent/dist/optimum/worker.js')],
    entryNames: '[name]',
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: INSTALLED,
    // Packages in CommonJS ask for what Node itself has.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return { folder, file: join(folder, 'victim.js') };
}
