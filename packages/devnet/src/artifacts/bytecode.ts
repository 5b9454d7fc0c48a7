import { DevnetError } from '../errors.js';
import type { Hex } from '../world.js';

const HEX = /^0x(?:[0-9a-f]{2})+$/i;

/**
 * Takes the creation bytecode out of a compiler's output. Understands the JSON of Hardhat, Foundry, Waffle and Balancer's
 * deployment tasks, and JavaScript files that hold it in a string variable. Nothing is executed.
 *
 * @param source the file's text
 * @param variable name of the variable, for a JavaScript file
 * @throws {DevnetError} `ARTIFACT_INVALID` when there is none, or when it still has unlinked libraries
 */
export function extractBytecode(source: string, variable: string | undefined, label: string): Hex {
  const found = variable === undefined ? fromJson(source) : fromScript(source, variable);
  const bytecode = found?.startsWith('0x') ? found : `0x${found ?? ''}`;
  if (!HEX.test(bytecode)) {
    throw new DevnetError(
      'ARTIFACT_INVALID',
      `${label} holds no linked bytecode. Point artifacts.lock.json at the file that does.`,
      { details: { label } },
    );
  }
  return bytecode as Hex;
}

function fromJson(source: string): string | undefined {
  const artifact = JSON.parse(source) as { bytecode?: unknown; creationCode?: unknown };
  const { bytecode, creationCode } = artifact;
  if (typeof bytecode === 'string') return bytecode;
  if (typeof bytecode === 'object' && bytecode !== null && 'object' in bytecode) return String(bytecode.object);
  return typeof creationCode === 'string' ? creationCode : undefined;
}

function fromScript(source: string, variable: string): string | undefined {
  const pattern = new RegExp(`\\b${variable}\\s*=\\s*(["'])(0x[0-9a-fA-F]+)\\1`);
  return pattern.exec(source)?.[2];
}
