import type { DevnetError, World, WorldEvent, WorldOptions } from '@evenkeel/devnet';
import { EvenkeelError } from '@evenkeel/intents';
import type { Screen } from '../render/show.js';

/** The local world is a package of its own, for development. Code `DEVNET_MISSING`. */
export class DevnetMissingError extends EvenkeelError {
  constructor(cause: unknown) {
    super('DEVNET_MISSING', 'The demonstration needs the local world.', {
      field: '@evenkeel/devnet',
      hint: 'Run `npm install --save-dev @evenkeel/devnet`.',
      cause,
    });
  }
}

/** The local world did not come up; the code is its own, such as `ANVIL_MISSING`. */
export class DevnetFailedError extends EvenkeelError {
  constructor(cause: DevnetError) {
    super(cause.code, cause.message, { retryable: cause.retryable, details: cause.details, cause });
  }
}

/** Brings up the local world, or says what is missing for it. */
export async function startLocalWorld(options: WorldOptions): Promise<World> {
  const { DevnetError, startWorld } = await importDevnet();
  try {
    return await startWorld(options);
  } catch (error) {
    throw error instanceof DevnetError ? new DevnetFailedError(error) : error;
  }
}

async function importDevnet() {
  try {
    return await import('@evenkeel/devnet');
  } catch (cause) {
    throw new DevnetMissingError(cause);
  }
}

/** Says on a screen what happens while the world comes up. */
export function showProgress(event: WorldEvent, out: Screen): void {
  switch (event.kind) {
    case 'artifacts':
      out.slow(`Fetching contracts (${event.done} of ${event.total}, once): ${event.package}`);
      return;
    case 'deployed':
      out.slow(`Chain ${event.chainId} has its contracts, by ${event.transactions} transactions (once) …`);
      return;
    case 'chain-started':
      out.busy(`Chain ${event.chainId} is up …`);
      return;
    case 'state-loaded':
      out.busy(`Chain ${event.chainId} has its contracts …`);
      return;
    case 'ready':
      out.busy(`The world was ready after ${(event.milliseconds / 1000).toFixed(1)} s …`);
      return;
  }
}
