import { readFileSync, writeFileSync } from 'node:fs';
import { chainDescription, expectationsOf, parsePins, pinsOf, verifyDeployment } from '@evenkeel/adapters/chains';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { InvalidInputError } from '@evenkeel/intents';
import pc from 'picocolors';
import { shortHex, table } from '../render/format.js';

export interface VerifyOptions {
  readonly rpc: string;
  readonly chain?: number;
  readonly pins?: string;
  readonly writePins?: string;
  readonly json: boolean;
}

/**
 * Checks that a node serves the chain it should, and that everything Evenkeel would call there has code, with the hash
 * that is expected where one is known.
 *
 * @returns the exit code: 0 when nothing is missing or different
 */
export async function verify(options: VerifyOptions, signal: AbortSignal): Promise<number> {
  const { json, pins, rpc, writePins } = options;
  const url = parseUrl(rpc);
  const id = options.chain ?? (await askChainId(url, signal));
  const { name } = chainDescription(id);
  const chain = jsonRpcChain({ id, name, url: url.href });
  const known = pins === undefined ? [] : parsePins(readJson(pins));
  const rows = await verifyDeployment(chain, expectationsOf(id, known), signal);
  const failed = rows.filter(({ ok }) => !ok);
  if (writePins !== undefined) writeFileSync(writePins, `${JSON.stringify(pinsOf(rows), null, 2)}\n`);
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ chainId: id, name, ok: failed.length === 0, contracts: rows }, null, 2)}\n`,
    );
    return failed.length === 0 ? 0 : 1;
  }
  const body = rows.map(({ address, codeHash, compared, contract, ok, problem }) => [
    ok ? pc.green('✔') : pc.red('✘'),
    contract,
    address,
    codeHash === null ? '–' : shortHex(codeHash),
    problem ?? (compared ? 'as expected' : 'present; no hash to compare with'),
  ]);
  process.stdout.write(`${name} (${id})\n${table(['', 'contract', 'address', 'code hash', ''], body)}\n`);
  const verdict =
    failed.length === 0 ? pc.green('Everything is there.') : pc.red(`${failed.length} of ${rows.length} do not match.`);
  process.stdout.write(`${verdict}\n`);
  return failed.length === 0 ? 0 : 1;
}

/** Which chain an endpoint says it is; what it says is held against the description by everything that follows. */
async function askChainId(url: URL, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  }).catch(() => undefined);
  const answer: unknown = await response?.json().catch(() => undefined);
  const result = typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : undefined;
  const id = typeof result === 'string' && /^0x[0-9a-fA-F]+$/.test(result) ? Number(result) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new InvalidInputError(
    '--rpc',
    url.host,
    'does not answer eth_chainId',
    'Check the endpoint, or name the chain with --chain.',
  );
}

/** What is no URL is not repeated: it may still hold a key. */
function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new InvalidInputError('--rpc', 'a text', 'is not an HTTP URL', 'Write http://host or https://host.');
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new InvalidInputError('--pins', file, 'is not a readable JSON file', 'Write one with --write-pins.', {
      cause,
    });
  }
}
