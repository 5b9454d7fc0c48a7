import { Interface } from 'ethers/abi';
import { keccak256 } from 'ethers/crypto';
import { concat } from 'ethers/utils';
import {
  executeCalldata,
  type Hex,
  installCalls,
  merkleProof,
  merkleRoot,
  operationsTypedData,
  typedDataHash,
  uninstallCalls,
} from '../src/index.js';
import {
  type Attempt,
  attempt,
  checkOf,
  type LocalOperation,
  operationHash,
  sceneOperation,
  sceneOrder,
  signHash,
  succeed,
  tryCall,
} from '../src/local/index.js';
import { openVictim, operationOf, tryOperation, type Victim } from './support/victim.js';

// The account that an EOA delegates to: whose word counts, and which modules it obeys.

const EXECUTOR = 2;
const VALIDATOR = 1;
const FALLBACK = 3;
const CODE_THAT_SAYS_NO = '0x5f5f5260205ff3';
const SINGLE = `0x${'00'.repeat(32)}`;
const abi = new Interface([
  'function installModule(uint256 moduleTypeId, address module, bytes initData)',
  'function uninstallModule(uint256 moduleTypeId, address module, bytes data)',
  'function isModuleInstalled(uint256 moduleTypeId, address module, bytes context) view returns (bool)',
  'function executeFromExecutor(bytes32 mode, bytes data) returns (bytes[])',
  'function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)',
  'function transfer(address,uint256)',
  'error ERC7579MismatchedModuleTypeId(uint256 moduleTypeId, address module)',
  'error ERC7579AlreadyInstalledModule(uint256 moduleTypeId, address module)',
  'error ERC7579UninstalledModule(uint256 moduleTypeId, address module)',
  'error AccountUnauthorized(address sender)',
]);

let victim: Victim;
beforeAll(async () => {
  victim = await openVictim();
}, 60_000);
afterEach(() => victim.back());
afterAll(() => victim.close());

/** What a call of the account reverts with; undefined when it does not. */
async function refusalOf(from: Hex, name: string, values: readonly unknown[]): Promise<string | undefined> {
  const { node, self } = victim.scene;
  const data = abi.encodeFunctionData(name, values) as Hex;
  const answer = await tryCall(node, { from, to: self, data });
  return answer.success ? undefined : (abi.parseError(answer.data)?.name ?? checkOf(answer.data));
}

async function isInstalled(type: number, module: Hex, context = '0x'): Promise<boolean> {
  const { node, self } = victim.scene;
  const data = abi.encodeFunctionData('isModuleInstalled', [type, module, context]);
  return BigInt((await node.rpc('eth_call', [{ to: self, data }, 'latest'])) as string) === 1n;
}

describe('modules', () => {
  test('are obeyed as what they are installed as, and no longer when they are uninstalled', async () => {
    const { band, keys, node, self, weth } = victim.scene;
    const { module } = band;
    expect([await isInstalled(VALIDATOR, module), await isInstalled(EXECUTOR, module)]).toEqual([true, true]);
    expect(await isInstalled(VALIDATOR, victim.stranger)).toBe(false);
    await node.rpc('anvil_setBalance', [self, '0xde0b6b3a7640000']);
    const [validator, executor] = uninstallCalls(self, module);
    await succeed(node, self, self, executor!.data);
    expect([await isInstalled(VALIDATOR, module), await isInstalled(EXECUTOR, module)]).toEqual([true, false]);
    const take = concat([weth, SINGLE, abi.encodeFunctionData('transfer', [victim.stranger, 1n])]);
    expect(await refusalOf(module, 'executeFromExecutor', [SINGLE, take])).toBe('ERC7579UninstalledModule');
    await succeed(node, self, self, validator!.data);
    expect([await isInstalled(VALIDATOR, module), await isInstalled(EXECUTOR, module)]).toEqual([false, false]);
    // The nonce still names the module, and so the owner's signature counts again; the session key's does not.
    const operation = await operationOf(victim);
    const outcome = await attempt(node, victim.scene.entryPoint, operation, victim.stranger);
    expect(outcome).toMatchObject({ kind: 'refused', check: 'AA24' });
    expect(await tryOperation(victim, { key: keys.owner })).toMatchObject({ kind: 'reverted' });
  });

  test('are installed once, as what they say that they are, and by the account only', async () => {
    const { band, node, policy, self } = victim.scene;
    const { module } = band;
    const liar: Hex = `0x${'77'.repeat(20)}`;
    await node.rpc('anvil_setCode', [liar, CODE_THAT_SAYS_NO]);
    for (const type of [VALIDATOR, EXECUTOR]) {
      expect(await refusalOf(self, 'installModule', [type, module, '0x'])).toBe('ERC7579AlreadyInstalledModule');
      expect(await refusalOf(self, 'installModule', [type, liar, '0x'])).toBe('ERC7579MismatchedModuleTypeId');
      expect(await refusalOf(self, 'uninstallModule', [type, liar, '0x'])).toBe('ERC7579UninstalledModule');
    }
    for (const { data } of [...installCalls(self, module, policy), ...uninstallCalls(self, module)]) {
      const answer = await tryCall(node, { from: victim.stranger, to: self, data });
      expect(abi.parseError(answer.data)?.name).toBe('AccountUnauthorized');
    }
  });

  test('of other kinds are kept as the base keeps them', async () => {
    const { node, self } = victim.scene;
    const handler: Hex = `0x${'88'.repeat(20)}`;
    await node.rpc('anvil_setCode', [handler, '0x60015f5260205ff3']);
    await node.rpc('anvil_setBalance', [self, '0xde0b6b3a7640000']);
    const install = abi.encodeFunctionData('installModule', [FALLBACK, handler, '0x12345678']) as Hex;
    await succeed(node, self, self, install);
    expect(await isInstalled(FALLBACK, handler, '0x12345678')).toBe(true);
    expect([await isInstalled(VALIDATOR, handler), await isInstalled(EXECUTOR, handler)]).toEqual([false, false]);
    await succeed(
      node,
      self,
      self,
      abi.encodeFunctionData('uninstallModule', [FALLBACK, handler, '0x12345678']) as Hex,
    );
    expect(await isInstalled(FALLBACK, handler, '0x12345678')).toBe(false);
  });

  test('are kept where no contract that the EOA delegated to before has kept anything (ERC-7201)', async () => {
    const { band, node, self } = victim.scene;
    const word = (value: bigint | Hex): string => BigInt(value).toString(16).padStart(64, '0');
    const name = BigInt(keccak256(new TextEncoder().encode('evenkeel.band-account.modules')));
    const place = BigInt(keccak256(`0x${word(name - 1n)}`)) & ~0xffn;
    const slot = keccak256(`0x${word(band.module)}${word(place)}`);
    expect(BigInt((await node.rpc('eth_getStorageAt', [self, slot, 'latest'])) as string)).toBe(6n);
  });
});

describe('a signature', () => {
  /** An operation of the owner in a tree with others, and what makes it valid there. */
  async function inTree(
    change: (parts: { readonly signature: Hex; readonly proof: readonly Hex[] }) => readonly Hex[],
    key = victim.scene.keys.owner,
  ): Promise<Attempt> {
    const { entryPoint, node, policy, self } = victim.scene;
    const order = sceneOrder(policy, Math.floor(Date.now() / 1000), { sell: true, amountIn: 1n });
    const operation: LocalOperation = {
      ...sceneOperation(victim.scene, { order, sequence: 0n }),
      nonce: 0n,
      callData: executeCalldata([{ to: self, data: '0x' }]),
    };
    const leaves = [operationHash(operation, entryPoint, node.id), `0x${'99'.repeat(32)}` as Hex];
    const digest = typedDataHash(operationsTypedData(merkleRoot(leaves)));
    const parts = change({ signature: signHash(key, digest), proof: merkleProof(leaves, 0) });
    return attempt(node, entryPoint, { ...operation, signature: concat(parts) as Hex }, victim.stranger);
  }

  test('over a root counts for what is in the tree, and in one form only', async () => {
    const refused = { kind: 'refused', check: 'AA24' };
    expect(await inTree(({ proof, signature }) => [signature, ...proof, '0x00'])).toMatchObject(refused);
    expect(await inTree(({ proof, signature }) => [signature, ...proof, `0x${'00'.repeat(31)}`])).toMatchObject(
      refused,
    );
    expect(await inTree(({ signature }) => [signature, `0x${'98'.repeat(32)}`])).toMatchObject(refused);
    expect(await inTree(({ signature }) => [signature])).toMatchObject(refused);
    expect(await inTree(({ proof, signature }) => [signature, ...proof], victim.scene.keys.session)).toMatchObject(
      refused,
    );
    expect(await inTree(({ proof, signature }) => [signature, ...proof])).toMatchObject({ kind: 'done' });
  });

  test('over a message is the owner’s, of 65 bytes (ERC-1271)', async () => {
    const { keys, node, self } = victim.scene;
    const hash: Hex = `0x${'42'.repeat(32)}`;
    const says = async (signature: Hex): Promise<string> => {
      const data = abi.encodeFunctionData('isValidSignature', [hash, signature]);
      return ((await node.rpc('eth_call', [{ to: self, data }, 'latest'])) as string).slice(0, 10);
    };
    const signature = signHash(keys.owner, hash);
    expect(await says(signature)).toBe('0x1626ba7e');
    expect(await says(signHash(keys.session, hash))).toBe('0xffffffff');
    expect(await says(concat([signature, '0x00']) as Hex)).toBe('0xffffffff');
  });
});
