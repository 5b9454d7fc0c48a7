import { startWorld, type World, type WorldPart } from '@evenkeel/devnet';
import {
  type Attempt,
  attempt,
  checkOf,
  clockOf,
  openScene,
  type Scene,
  sceneOperation,
  sceneOrder,
  tryCall,
} from '../../src/local/index.js';
import type { Address, BandOrder, BandPolicy, Hex } from '../../src/index.js';

export interface Victim {
  readonly world: World;
  readonly scene: Scene;
  readonly stranger: Address;
  readonly deployer: Address;
  /** Back to the state as granted. */
  back(): Promise<void>;
  close(): Promise<void>;
}

export async function openVictim(
  change?: (policy: BandPolicy) => BandPolicy,
  parts: readonly WorldPart[] = [],
  oneFeed = false,
): Promise<Victim> {
  const world = await startWorld({ chains: 1, parts: ['erc4337', ...parts] });
  const node = world.chains[0]!;
  const { deployer, stranger } = world.accounts;
  const scene = await openScene({
    node,
    deployer: deployer.address,
    oneFeed,
    fund: ({ address }, to, atoms) =>
      world.fund(
        Object.values(node.tokens).find((token) => token.address === address)!,
        to,
        atoms,
      ),
    ...(change && { change }),
  });
  let snapshot = await node.rpc('evm_snapshot');
  return {
    world,
    scene,
    stranger: stranger.address,
    deployer: deployer.address,
    back: async () => {
      await node.rpc('evm_revert', [snapshot]);
      snapshot = await node.rpc('evm_snapshot');
    },
    close: () => world.close(),
  };
}

type Request = Omit<Parameters<typeof sceneOperation>[1], 'order' | 'sequence'> & {
  readonly order?: Partial<BandOrder>;
  readonly sequence?: bigint;
};

/** An operation of the session key that is good but for what the request changes. */
export async function operationOf({ scene }: Pick<Victim, 'scene'>, request: Request = {}) {
  const now = await clockOf(scene.node);
  const order = sceneOrder(scene.policy, now + 1, { sell: true, amountIn: 10n ** 18n, ...request.order });
  return sceneOperation(scene, { sequence: 0n, ...request, order });
}

/** Has the entry point handle such an operation. */
export async function tryOperation(victim: Victim, request: Request = {}): Promise<Attempt> {
  const { scene, stranger } = victim;
  return attempt(scene.node, scene.entryPoint, await operationOf(victim, request), stranger);
}

/** The check that stops a plain call; undefined when nothing does. */
export async function checkOfCall(
  { scene }: Victim,
  from: Address,
  { data, to }: { readonly to: Address; readonly data: Hex },
): Promise<string | undefined> {
  const answer = await tryCall(scene.node, { from, to, data });
  return answer.success ? undefined : checkOf(answer.data);
}
