import {
  Interface,
  Wallet,
  concat,
  getBytes,
  keccak256,
  solidityPacked,
  solidityPackedKeccak256,
  zeroPadValue,
} from 'ethers';
import type { Hex, TestAccount, World, WorldChain } from '../world.js';
import type { ActorEvent } from './actors.js';
import { read, reasonOf, submit } from './contract.js';
import { blockTime, chainClock, createLogReader } from './log-reader.js';
import type { SeenEvent } from './log-reader.js';
import { incrementalMerkleRoot } from './merkle.js';

const DISPATCH =
  'event Dispatch(address indexed sender, uint32 indexed destination, bytes32 indexed recipient, bytes message)';
const INSERTED = 'event InsertedIntoTree(bytes32 messageId, uint32 index)';

const MAILBOX = new Interface([
  'function delivered(bytes32) view returns (bool)',
  'function process(bytes metadata, bytes message) payable',
]);

/** What a validator of Hyperlane vouches for: that this message is in its chain's tree at this place. */
export interface HyperlaneCheckpoint {
  readonly originDomain: number;
  readonly merkleTreeHook: Hex;
  readonly root: Hex;
  readonly index: number;
  readonly messageId: Hex;
}

/**
 * Metadata that a message-id multisig ISM of one validator accepts.
 * Source: CheckpointLib and MessageIdMultisigIsmMetadata of the Hyperlane contracts.
 */
export async function signCheckpoint(checkpoint: HyperlaneCheckpoint, validator: TestAccount): Promise<Hex> {
  const { index, merkleTreeHook, messageId, originDomain, root } = checkpoint;
  const hook = zeroPadValue(merkleTreeHook, 32);
  const domain = solidityPackedKeccak256(['uint32', 'bytes32', 'string'], [originDomain, hook, 'HYPERLANE']);
  const digest = solidityPackedKeccak256(['bytes32', 'bytes32', 'uint32', 'bytes32'], [domain, root, index, messageId]);
  const signature = await new Wallet(validator.privateKey).signMessage(getBytes(digest));
  return concat([hook, root, solidityPacked(['uint32'], [index]), signature]) as Hex;
}

/** A message on its way. */
interface InFlight {
  readonly origin: WorldChain;
  readonly destination: WorldChain;
  readonly messageId: Hex;
  readonly message: Hex;
  readonly blockNumber: number;
}

export interface HyperlaneCore {
  readonly pass: () => Promise<void>;
  readonly rewind: (fromBlocks: readonly number[]) => void;
  readonly setDelaySeconds: (seconds: number) => void;
}

/** Validator and relayer in one: signs every dispatched message with the ISM's key and delivers it. */
export function createHyperlane(
  world: World,
  fromBlocks: readonly number[],
  emit: (event: ActorEvent) => void,
): HyperlaneCore {
  const dispatches = world.chains.map((chain, index) =>
    createLogReader(chain, chain.contracts.hyperlaneMailbox, DISPATCH, fromBlocks[index] ?? 0),
  );
  const insertions = world.chains.map((chain, index) =>
    createLogReader(chain, chain.contracts.hyperlaneMerkleTreeHook, INSERTED, fromBlocks[index] ?? 0),
  );
  const trees = new Map<number, Hex[]>(world.chains.map(({ id }) => [id, []]));
  const signed = new Map<Hex, Hex>();
  const failures = new Map<Hex, string>();
  let inFlight: InFlight[] = [];
  let delaySeconds = 0;

  const insert = ({ args, chain }: SeenEvent): void => {
    (trees.get(chain.id) as Hex[])[Number(args['index'])] = args['messageId'] as Hex;
  };

  const metadataOf = async ({ messageId, origin }: InFlight): Promise<Hex> => {
    const known = signed.get(messageId);
    if (known !== undefined) return known;
    const leaves = trees.get(origin.id) as Hex[];
    const index = leaves.indexOf(messageId);
    const checkpoint = {
      originDomain: origin.hyperlaneDomain,
      merkleTreeHook: origin.contracts.hyperlaneMerkleTreeHook,
      root: incrementalMerkleRoot(leaves.slice(0, index + 1)),
      index,
      messageId,
    };
    const metadata = await signCheckpoint(checkpoint, world.accounts.validator);
    signed.set(messageId, metadata);
    emit({ kind: 'hyperlane-signed', originChainId: origin.id, messageId });
    return metadata;
  };

  /** Whether the message stays in flight. */
  const deliver = async (item: InFlight): Promise<boolean> => {
    const { blockNumber, destination, message, messageId, origin } = item;
    const mailbox = destination.contracts.hyperlaneMailbox;
    const [delivered] = await read(destination, mailbox, MAILBOX, 'delivered', [messageId]);
    if (delivered === true) return false;
    const due = (await blockTime(origin, blockNumber)) + delaySeconds;
    if ((await chainClock(destination)) < due) return true;
    const data = MAILBOX.encodeFunctionData('process', [await metadataOf(item), message]);
    try {
      const { hash } = await submit(destination, world.accounts.hyperlaneRelayer, mailbox, data);
      emit({ kind: 'hyperlane-delivered', destinationChainId: destination.id, messageId, txHash: hash as Hex });
      return false;
    } catch (error) {
      const reason = reasonOf(error);
      if (failures.get(messageId) !== reason) {
        emit({ kind: 'hyperlane-failed', destinationChainId: destination.id, messageId, reason });
      }
      failures.set(messageId, reason);
      return true;
    }
  };

  return {
    setDelaySeconds(seconds) {
      delaySeconds = seconds;
    },
    rewind(blocks) {
      for (const readers of [dispatches, insertions]) {
        readers.forEach((reader, index) => reader.rewind(blocks[index] ?? 0));
      }
      for (const { id } of world.chains) trees.set(id, []);
      signed.clear();
      failures.clear();
      inFlight = [];
    },
    async pass() {
      for (const reader of dispatches) {
        inFlight.push(...(await reader.next()).flatMap((event) => toInFlight(world, event) ?? []));
      }
      for (const reader of insertions) (await reader.next()).forEach(insert);
      const still: InFlight[] = [];
      for (const item of inFlight) if (await deliver(item)) still.push(item);
      inFlight = still;
    },
  };
}

function toInFlight(world: World, { args, blockNumber, chain }: SeenEvent): InFlight | undefined {
  const destination = world.chains.find(({ hyperlaneDomain }) => hyperlaneDomain === Number(args['destination']));
  const message = args['message'] as Hex;
  if (destination === undefined) return undefined;
  return { origin: chain, destination, message, messageId: keccak256(message) as Hex, blockNumber };
}
