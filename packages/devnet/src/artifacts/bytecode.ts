import { id } from 'ethers';
import { DevnetError } from '../errors.js';
import type { Address, Hex } from '../world.js';

/** Bytes, and the 20-byte places that solc leaves for the addresses of libraries. */
const CODE = /^0x(?:[0-9a-f]{2}|__\$[0-9a-f]{34}\$__)+$/i;

/**
 * Takes the creation bytecode out of a compiler's output. Understands the JSON of Hardhat, Foundry, Waffle and Balancer's
 * deployment tasks, and JavaScript files that hold it in a string variable. Nothing is executed.
 *
 * @param source the file's text
 * @param within for a JavaScript file, the name of the variable; for a JSON file that holds several contracts, the way to one
 * of them: `sources.Vault`
 * @throws {DevnetError} `ARTIFACT_INVALID` when there is none
 */
export function extractBytecode(source: string, within: string | undefined, label: string): Hex {
  const isJson = within === undefined || source.trimStart().startsWith('{');
  const found = isJson ? fromJson(source, within) : fromScript(source, within);
  const bytecode = found?.startsWith('0x') ? found : `0x${found ?? ''}`;
  if (!CODE.test(bytecode)) {
    throw new DevnetError(
      'ARTIFACT_INVALID',
      `${label} holds no bytecode. Point artifacts.lock.json at the file that does.`,
      { details: { label } },
    );
  }
  return bytecode as Hex;
}

function fromJson(source: string, within: string | undefined): string | undefined {
  let artifact = JSON.parse(source) as Record<string, unknown>;
  for (const name of within?.split('.') ?? []) artifact = (artifact[name] ?? {}) as Record<string, unknown>;
  const { bytecode, creationCode } = artifact;
  if (typeof bytecode === 'string') return bytecode;
  if (typeof bytecode === 'object' && bytecode !== null && 'object' in bytecode) return String(bytecode.object);
  return typeof creationCode === 'string' ? creationCode : undefined;
}

function fromScript(source: string, variable: string): string | undefined {
  const pattern = new RegExp(`\\b${variable}\\s*=\\s*(["'])(0x[0-9a-fA-F]+)\\1`);
  return pattern.exec(source)?.[2];
}

/**
 * Puts the addresses of libraries where the compiler left their places.
 *
 * @param libraries by fully qualified name: `contracts/libraries/GWAV.sol:GWAV`
 * @throws {DevnetError} `ARTIFACT_INVALID` when a place is left
 */
export function linkLibraries(bytecode: Hex, libraries: Readonly<Record<string, Address>>, label: string): Hex {
  const linked = Object.entries(libraries).reduce<string>(
    (code, [name, address]) => code.replaceAll(`__$${id(name).slice(2, 36)}$__`, address.slice(2).toLowerCase()),
    bytecode,
  );
  if (!linked.includes('_')) return linked as Hex;
  throw new DevnetError('ARTIFACT_INVALID', `${label} calls a library that it was not linked with. Name all of them.`, {
    details: { label, libraries: Object.keys(libraries) },
  });
}
